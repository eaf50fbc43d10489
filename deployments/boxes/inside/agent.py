"""The agent of a box: its process 1, which does inside what the host asks through one inherited socket.

It has no more rights than any program in the box. The host believes it nothing it does not check.
"""

import errno
import os
import resource
import signal
import socket
from collections.abc import Callable
from typing import Any

from . import entries
from .doors import Doors
from .programs import LATER, Programs
from .transfers import Transfers
from .turning import READ, Line, Loop
from .watching import Watches

OWN_FILES = 4096
TICK_S = 1.0

MEANINGS = {
    "missing": {errno.ENOENT, errno.ESRCH, errno.ECONNREFUSED},
    "there": {errno.EEXIST, errno.ENOTEMPTY},
    "kind": {
        errno.ENOTDIR,
        errno.EISDIR,
        errno.ELOOP,
        errno.EINVAL,
        errno.ENXIO,
        errno.ENAMETOOLONG,
        errno.EXDEV,
    },
    "denied": {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOEXEC, errno.ETXTBSY, errno.EBUSY},
    "full": {errno.ENOSPC, errno.EFBIG, errno.EDQUOT},
}
Handler = Callable[[dict[str, Any], bytes], object]


class Agent:
    """Dispatches what is asked and answers."""

    def __init__(self, line: socket.socket, doors: socket.socket) -> None:
        self.loop = Loop()
        self.line = Line(self.loop, line, self.heard)
        self.programs = Programs(self.loop, self.line, self.answer)
        transfers = Transfers()
        watches = Watches(self.loop, self.line, transfers.new)
        ways = Doors(self.loop, doors, self.answer)
        self._handlers: dict[str, Handler] = {
            "limits": _limits,
            "start": self.programs.start,
            "credit": self.programs.credit,
            "write": self.programs.write,
            "close_input": self.programs.close_input,
            "signal": self.programs.signal,
            "resize": self.programs.resize,
            "stat": lambda asked, _: entries.entry(asked["path"]),
            "list": self._list,
            "make_dir": lambda asked, _: entries.make_dir(asked["path"]),
            "move": lambda asked, _: entries.move(asked["path"], asked["target"]),
            "remove": lambda asked, _: entries.remove(asked["path"]),
            "open_read": transfers.open_read,
            "read": transfers.read,
            "close_read": transfers.close_read,
            "open_write": transfers.open_write,
            "write_file": transfers.write,
            "commit": transfers.commit,
            "abandon": transfers.abandon,
            "watch": watches.open,
            "unwatch": watches.close,
            "connect": ways.connect,
            "listen": ways.listen,
            "disk": _disk,
        }

    def heard(self, asked: dict[str, Any], data: bytes) -> None:
        """Do one thing."""
        number = asked.get("id")
        try:
            done = self._handlers[asked["do"]](asked, data)
        except OSError as error:
            done = error
        except (KeyError, ValueError, TypeError) as error:
            done = OSError(errno.EINVAL, f"{type(error).__name__}: {error}")
        if number is not None and done is not LATER:
            self.answer(number, done)

    def answer(self, number: int, done: object) -> None:
        """Tell what came of request `number`."""
        if isinstance(done, OSError):
            meaning = next((name for name, codes in MEANINGS.items() if done.errno in codes), "other")
            self.line.tell({"id": number, "no": meaning, "why": done.strerror or str(done)})
        elif isinstance(done, bytes):
            self.line.tell({"id": number, "ok": True}, done)
        else:
            self.line.tell({"id": number, "ok": done})

    def _list(self, asked: dict[str, Any], _: bytes) -> list[dict[str, Any]]:
        """All pages but the last are events, the last is the answer."""
        last: list[dict[str, Any]] = []
        for page in entries.listed(asked["path"], asked["depth"]):
            if last:
                self.line.tell({"of": asked["of"], "event": "page", "entries": last})
            last = page
        return last


def main(line_end: int, doors_end: int) -> None:
    """Serve until the host goes away."""
    for descriptor in (line_end, doors_end):
        os.set_inheritable(descriptor, False)
    line, doors = socket.socket(fileno=line_end), socket.socket(fileno=doors_end)
    doors.setblocking(False)
    woken, wake = os.pipe()
    for descriptor in (woken, wake):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Python handles it, and process 1 gets what it handles
    agent = Agent(line, doors)

    def reap() -> None:
        os.read(woken, 4096)
        agent.programs.reap()

    agent.loop.watch(woken, READ, reap)
    agent.line.tell({"event": "ready", "pid": os.getpid()})
    from .libc import set_dumpable  # ctypes is slow to come: only when the host knows that we are here

    set_dumpable(wanted=False)
    while True:
        agent.loop.turn()


def _limits(asked: dict[str, Any], _: bytes) -> None:
    """What every process here may use, ourselves included; nobody inside can raise it again."""
    for name, value in asked["limits"].items():
        number = getattr(resource, f"RLIMIT_{name.upper()}")
        resource.setrlimit(number, (value, value))


def _disk(asked: dict[str, Any], _: bytes) -> dict[str, int]:
    told = {"used": 0, "total": 0, "inodes": 0}
    for path in asked["paths"]:
        seen = os.statvfs(path)
        told["used"] += (seen.f_blocks - seen.f_bfree) * seen.f_frsize
        told["total"] += seen.f_blocks * seen.f_frsize
        told["inodes"] += seen.f_files - seen.f_ffree
    return told
