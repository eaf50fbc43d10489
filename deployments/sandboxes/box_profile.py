"""What a box is: the arguments of bubblewrap, put together without touching anything.

Started by root, the box drops to an unused user id; started by anybody else, it gets a user namespace.
"""

import math
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from deployments.sandboxes.interpreter import Interpreter

KIB, MIB = 1024, 1024 * 1024

HOME = "/work"
SCRIPT = "__main__.py"  # the folder itself is run, so that it is the first place where imports look
HOME_BYTES = 64 * MIB
SHARED_MEMORY_BYTES = 16 * MIB
FILE_BYTES = 16 * MIB
PROCESS_MEMORY_BYTES = 512 * MIB
PROCESSES, OPEN_FILES = 32, 64

NOBODY = "65534"
# The kernel counts processes by user id: a box must not share its count with `nobody`, who may run servers,
# or with another box. These ids are the ones that systemd documents as unused.
UNUSED_UIDS = range(60_578, 61_184)


def walls(*, as_root: bool) -> list[str]:
    """Namespaces and privileges: no network, its own processes, nothing left to gain."""
    everywhere = ["--die-with-parent", "--new-session", "--unshare-ipc", "--unshare-pid", "--unshare-net"]
    everywhere += ["--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL"]
    if as_root:  # only to drop to another user, which is the first thing that happens inside
        return [*everywhere, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return [*everywhere, "--unshare-user", "--uid", NOBODY, "--gid", NOBODY, "--disable-userns"]


def sights(python: Interpreter, root: Path = Path("/")) -> list[str]:
    """The file system: /usr and the interpreter to read, one small folder to write."""
    return [
        *("--ro-bind", "/usr", "/usr"),
        *(part for name in ("bin", "lib", "lib64") for part in _beside_usr(root / name)),
        *python.mounts,
        *("--proc", "/proc", "--dev", "/dev"),
        *_writable("/dev/shm", SHARED_MEMORY_BYTES),  # noqa: S108  (the box's own)
        *_writable(HOME, HOME_BYTES),
        *("--remount-ro", "/dev", "--chdir", HOME),
        *_environment({"PATH": "/usr/bin:/bin", "HOME": HOME, "TMPDIR": HOME, "LANG": "C.UTF-8"}),
        *_environment(dict(python.environment)),
    ]


def contents(descriptors: Mapping[str, int]) -> Iterator[str]:
    """Files written into the box's own memory from open descriptors; relative path to descriptor.

    Whoever runs inside owns none of them, so everybody may change them.
    """
    folders = {folder for name in descriptors for folder in PurePosixPath(name).parents} - {PurePosixPath()}
    for folder in sorted(folders):
        yield from ("--perms", "0777", "--dir", f"{HOME}/{folder}")
    for name, descriptor in descriptors.items():
        yield from ("--perms", "0666", "--file", str(descriptor), f"{HOME}/{name}")


def program(python: Interpreter, cpu_s: float, *, as_root: bool) -> list[str]:
    """What runs inside: drop privileges, be the first to die when memory is short, set limits, run the folder."""
    limits = {
        "as": PROCESS_MEMORY_BYTES,
        "cpu": math.ceil(cpu_s),
        "nofile": OPEN_FILES,
        "fsize": FILE_BYTES,
        "core": 0,
        "nproc": PROCESSES,
    }
    return [
        *("--remount-ro", "/", "--"),
        *(_drop(str(secrets.choice(UNUSED_UIDS))) if as_root else ()),
        *("choom", "--adjust", "1000", "--"),
        *("prlimit", *(f"--{name}={value}" for name, value in limits.items()), "--"),
        *(python.path, "-I", "-X", "utf8", HOME),
    ]


def _drop(user: str) -> list[str]:
    ids = [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    return ["setpriv", *ids, "--no-new-privs", "--inh-caps=-all", "--"]


def _beside_usr(path: Path) -> tuple[str, ...]:
    """/bin and the like: links into /usr today, folders of their own on older systems."""
    if path.is_symlink():
        return ("--symlink", f"usr/{path.name}", f"/{path.name}")
    return ("--ro-bind", str(path), f"/{path.name}") if path.is_dir() else ()


def _writable(folder: str, size_bytes: int) -> tuple[str, ...]:
    return ("--perms", "1777", "--size", str(size_bytes), "--tmpfs", folder)


def _environment(variables: Mapping[str, str]) -> Iterator[str]:
    for name, value in variables.items():
        yield from ("--setenv", name, value)
