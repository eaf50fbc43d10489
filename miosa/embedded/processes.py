"""Start a process that cannot outlive us, and end one with everything it started."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

LAUNCHER = Path(__file__).with_name("die_with_parent.py")
# What a server needs of our environment; keys and passwords are none of its business.
HARMLESS = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH")


@dataclass(frozen=True)
class Account:
    """An unprivileged account of this machine."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Launch:
    """How one program is started. `death_signal` is what the kernel sends it when we die."""

    command: tuple[str, ...]
    cwd: Path
    environ: Mapping[str, str] = field(default_factory=lambda: harmless(os.environ))
    account: Account | None = None
    death_signal: signal.Signals = signal.SIGKILL


def harmless(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that holds no secret."""
    return {name: environ[name] for name in HARMLESS if name in environ}


def start(launch: Launch, output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, its output going to `output`.

    The death signal comes when the calling *thread* ends: call it from a thread that lives as long as the program.
    """
    who = launch.account
    drop = (str(who.uid), str(who.gid)) if who else ("-", "-")
    script = (
        sys.executable,
        "-I",
        "-S",
        str(LAUNCHER),
        str(os.getpid()),
        str(int(launch.death_signal)),
        *drop,
    )
    return subprocess.Popen(  # noqa: S603  every word comes from this package
        (*script, *launch.command),
        cwd=launch.cwd,
        env=dict(launch.environ),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Say whether the process has ended, without reaping it: until it is reaped its number stays its own."""
    if process.returncode is not None:
        return True
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def end(process: subprocess.Popen[bytes], number: signal.Signals, *, grace_s: float) -> None:
    """Ask a process to end, kill its whole session after `grace_s` seconds, and reap it."""
    if process.returncode is None and not has_ended(process):
        process.send_signal(number)
        until(lambda: has_ended(process), timeout_s=grace_s)
    kill_session(process)


def kill_session(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the session a process led, and reap the process."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def living_in(folder: Path, program: str) -> Iterator[int]:
    """Yield the processes named `program` that work in `folder`: a zombie has no folder, a reused number another."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() == folder and (entry / "comm").read_text().strip() == program:
                yield int(entry.name)


def end_marked(variable: str, value: str) -> None:
    """Kill the processes that were started with this in their environment, wherever they went, and what they start."""
    mark, killed = f"{variable}={value}".encode(), set[int]()
    while left := set(_marked(mark)) - killed:
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed |= left


def _marked(mark: bytes) -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)


def is_alive(pid: int) -> bool:
    """Say whether a process runs; a zombie, which only waits to be reaped, does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def until(condition: Callable[[], object], *, timeout_s: float, interval_s: float = 0.02) -> bool:
    """Wait for a condition of the outside world that nobody announces; say whether it came in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval_s)
    return True
