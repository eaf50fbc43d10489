"""What the agent needs of the C library that Python does not offer; ctypes is slow to come and loaded late."""

import os
from functools import cache
from typing import Any

PR_SET_DUMPABLE = 4
IN_NONBLOCK, IN_CLOEXEC = 0o4000, 0o2000000


@cache
def _libc() -> Any:
    import ctypes

    return ctypes.CDLL(None, use_errno=True)


def set_dumpable(*, wanted: bool) -> None:
    """A process that is not dumpable shows its memory and descriptors to nobody, not even to its own user."""
    _libc().prctl(PR_SET_DUMPABLE, int(wanted), 0, 0, 0)


def inotify_init() -> int:
    """Return a descriptor that tells of changes to files."""
    return _checked(_libc().inotify_init1(IN_NONBLOCK | IN_CLOEXEC))


def inotify_add_watch(descriptor: int, path: str, mask: int) -> int:
    """Watch a folder; return the number its events carry."""
    return _checked(_libc().inotify_add_watch(descriptor, os.fsencode(path), mask))


def _checked(result: int) -> int:
    if result < 0:
        import ctypes

        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
