"""Lets a process run until it ends or breaks a limit, keeping the beginning of what it writes."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

TICK_S = 0.1
GRACE_S = 2.0  # for the last output of a process that is gone
CHUNK = 65_536
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Limits:
    """`keep_bytes` of each stream are kept; whoever writes more than `write_bytes` in all is stopped."""

    timeout_s: float
    keep_bytes: int
    write_bytes: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Ending:
    """`stopped` names the limit that was broken ("time", "output", "memory"), empty when none was."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    written: tuple[int, int]
    stopped: str
    duration_s: float


class _Stream:
    """The beginning of what comes through one pipe, and how much came in all."""

    def __init__(self, keep_bytes: int) -> None:
        self.keep_bytes = keep_bytes
        self.kept = bytearray()
        self.written = 0

    def add(self, chunk: bytes) -> None:
        self.kept += chunk[: max(0, self.keep_bytes - len(self.kept))]
        self.written += len(chunk)


Streams = tuple[_Stream, _Stream]


def watch(process: subprocess.Popen[bytes], limits: Limits) -> Ending:
    """Wait for `process` (leader of its own group, both streams piped); its whole group is killed at a limit."""
    started = time.monotonic()
    streams = _Stream(limits.keep_bytes), _Stream(limits.keep_bytes)
    with selectors.DefaultSelector() as pipes:
        for pipe, stream in zip((process.stdout, process.stderr), streams, strict=True):
            if pipe is not None:
                pipes.register(pipe, selectors.EVENT_READ, stream)
        try:
            stopped = _until_end_or_limit(process, pipes, streams, limits)
        finally:  # also when we are interrupted ourselves
            _end(process)
        _drain(pipes, streams, limits)
    out, err = streams
    return Ending(
        exit_code=process.returncode,
        stdout=bytes(out.kept),
        stderr=bytes(err.kept),
        written=(out.written, err.written),
        stopped=stopped,
        duration_s=time.monotonic() - started,
    )


def resident_bytes(pid: int) -> int:
    """Memory of a process and all that descend from it; what they share is counted for each."""
    return sum(_resident(member) for member in _family(pid))


def _until_end_or_limit(
    process: subprocess.Popen[bytes], pipes: selectors.BaseSelector, streams: Streams, limits: Limits
) -> str:
    """The limit that was broken; empty when the process ended by itself."""
    deadline = look_again = time.monotonic()
    deadline += limits.timeout_s
    while not _ended(process, pipes):
        now = time.monotonic()
        if now > deadline:
            return "time"
        if _flood(streams, limits):
            return "output"
        if now >= look_again:
            look_again = now + TICK_S
            if resident_bytes(process.pid) > limits.memory_bytes:
                return "memory"
    return ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole group, unless its leader was waited for already and its id may be another's by now."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _ended(process: subprocess.Popen[bytes], pipes: selectors.BaseSelector) -> bool:
    """Whether the process ended within one tick; meanwhile takes what it writes."""
    if pipes.get_map():
        _read(pipes)
        return process.poll() is not None
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(TICK_S)
    return process.returncode is not None


def _read(pipes: selectors.BaseSelector) -> None:
    for key, _ in pipes.select(TICK_S):
        pipe = cast("IO[bytes]", key.fileobj)
        if chunk := os.read(pipe.fileno(), CHUNK):
            key.data.add(chunk)
        else:
            pipes.unregister(pipe)


def _drain(pipes: selectors.BaseSelector, streams: Streams, limits: Limits) -> None:
    """What lies in the pipes of a process that is gone."""
    until = time.monotonic() + GRACE_S
    while pipes.get_map() and time.monotonic() < until and not _flood(streams, limits):
        _read(pipes)


def _flood(streams: Streams, limits: Limits) -> bool:
    return sum(stream.written for stream in streams) > limits.write_bytes


def _family(pid: int) -> Iterator[int]:
    waiting = [pid]
    while waiting:
        member = waiting.pop()
        yield member
        for children in Path(f"/proc/{member}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                waiting += map(int, children.read_text().split())


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    return 0
