"""Starts a program: fork, a session of its own, its streams, its limits, exec."""

import errno
import fcntl
import os
import pty
import resource
import signal
import socket
import struct
import termios
from dataclasses import dataclass, field
from typing import Any

from .libc import set_dumpable

CHANNEL = 3  # where a kernel finds its line to the agent
KILLED_FIRST = "1000"  # when memory is short
HIGH = 256


@dataclass
class Ends:
    """Our ends of a program's streams, and its own until it has started."""

    stdin: int | None = None
    outputs: dict[str, int] = field(default_factory=dict)
    channel: int | None = None
    theirs: list[int] = field(default_factory=list)  # in, out, error, channel
    terminal: bool = False

    def close(self) -> None:
        """Close all of ours."""
        for descriptor in {*self.outputs.values(), self.stdin, self.channel} - {None}:
            os.close(descriptor)  # type: ignore[arg-type]


def open_ends(asked: dict[str, Any]) -> Ends:
    """Pipes, or a terminal, as the request says."""
    if asked.get("terminal"):
        ours, theirs = pty.openpty()
        set_size(ours, *asked["terminal"])
        ends = Ends(ours, {"stdout": ours}, None, [theirs] * 3, terminal=True)
    else:
        ends = _pipes(with_input=bool(asked.get("stdin")))
    if asked.get("channel"):
        mine, its = socket.socketpair()
        ends.channel = ends.outputs["channel"] = mine.detach()
        ends.theirs.append(its.detach())
    for descriptor in {*ends.outputs.values(), ends.stdin} - {None}:
        os.set_blocking(descriptor, False)  # type: ignore[arg-type]
    return ends


def set_size(terminal: int, columns: int, rows: int) -> None:
    """Tell a terminal how large it is."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def start(asked: dict[str, Any], ends: Ends) -> int:
    """Return the number of the new process. Raise OSError as exec would, or when there are too many."""
    told, tell = os.pipe()
    try:
        pid = os.fork()
        if pid == 0:
            _become(asked, ends, tell)
        os.close(tell)
        answer = os.read(told, 8)
    finally:
        os.close(told)
        for descriptor in set(ends.theirs):
            os.close(descriptor)
    if answer:
        os.waitpid(pid, 0)
        code = int(answer)
        raise OSError(code, os.strerror(code))
    return pid


def _pipes(*, with_input: bool) -> Ends:
    out, their_out = os.pipe()
    error, their_error = os.pipe()
    ends = Ends(None, {"stdout": out, "stderr": error})
    if with_input:
        their_in, ends.stdin = os.pipe()
    else:
        their_in = os.open(os.devnull, os.O_RDONLY)
    ends.theirs = [their_in, their_out, their_error]
    return ends


def _become(asked: dict[str, Any], ends: Ends, tell: int) -> None:
    """In the child: never returns. What fails is told through `tell`, which exec closes."""
    code = errno.EIO
    try:
        set_dumpable(wanted=True)
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(KILLED_FIRST)
        os.setsid()
        _take_streams(ends)
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        resource.setrlimit(resource.RLIMIT_NOFILE, (asked["open_files"],) * 2)
        os.chdir(asked["cwd"])
        os.execvpe(asked["argv"][0], asked["argv"], asked["environment"])  # noqa: S606
    except OSError as error:
        code = error.errno or errno.EIO
    except BaseException:  # noqa: BLE001, S110  (a forked child must never run its parent's code)
        pass
    finally:
        os.write(tell, str(code).encode())
        os._exit(127)


def _take_streams(ends: Ends) -> None:
    """First above everything else, so that no end is overwritten before it was copied."""
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, HIGH) for descriptor in ends.theirs]
    for number, descriptor in enumerate(high):
        os.dup2(descriptor, number)
    if ends.terminal:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
