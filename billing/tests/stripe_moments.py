"""A process of ours that is killed with SIGKILL before or after one of its calls."""

import os
import signal
from collections.abc import Callable
from typing import Any

from django.db import connections


def killed(work: Callable[[], Any], where: Any, name: str, *, after: bool, skip: int = 0) -> bool:
    """Run `work` in a process of its own that dies at a call of `where.name`; return whether it did."""
    pid = os.fork()
    if pid == 0:
        ends = 0
        try:
            inherited = [
                one.connection for one in connections.all(initialized_only=True)
            ]  # stay open: the parent's
            for one in connections.all(initialized_only=True):
                one.connection = None
                one.in_atomic_block = False
            _arm(where, name, after=after, skip=skip)
            work()
            ends = len(inherited) * 0
        finally:
            os._exit(ends)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def _arm(where: Any, name: str, *, after: bool, skip: int) -> None:
    real, left = getattr(where, name), [skip]

    def deadly(*args: Any, **kwargs: Any) -> Any:
        if not after and left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = real(*args, **kwargs)
        if after and left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return answer

    setattr(where, name, deadly)
