"""What measures and bounds a box as a whole: control groups where they can be used, else a look from outside."""

import contextlib
import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

PAGE, TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


class Meter(Protocol):
    """Counts all processes of one box, and holds them to its limits as well as it can."""

    @property
    def joining(self) -> tuple[Path, ...]:
        """Files into which the box's first process writes its number before it does anything else."""

    def began(self, pid: int) -> None:
        """The box's first process has this number."""

    def members(self) -> list[int]:
        """Numbers of its processes on this host."""

    def memory_bytes(self) -> int:
        """What its processes use, without its files."""

    def peak_bytes(self) -> int:
        """The most that was used so far, as far as it was seen."""

    def cpu_s(self) -> float:
        """Processor time since it was opened."""

    def kills(self) -> int:
        """How often the kernel killed one of its processes for want of memory."""

    async def close(self) -> None:
        """Kill what is left of it and forget it."""


class Watched:
    """The meter of a machine without control groups: looks at the family of a process in /proc."""

    joining: tuple[Path, ...] = ()

    def __init__(self) -> None:
        self._first = 0
        self._peak = 0
        self._cpu: dict[int, float] = {}

    def began(self, pid: int) -> None:
        """See Meter."""
        self._first = pid

    def members(self) -> list[int]:
        """See Meter."""
        return list(family(self._first)) if self._first else []

    def memory_bytes(self) -> int:
        """Without the pages of files in memory; what processes share is counted for each of them."""
        used = sum(map(private_bytes, self.members()))
        self._peak = max(self._peak, used)
        return used

    def peak_bytes(self) -> int:
        """See Meter."""
        return self._peak

    def cpu_s(self) -> float:
        """Of those seen while they ran; what ended between two looks is missed."""
        self._cpu |= {pid: used for pid in self.members() if (used := cpu_seconds(pid)) is not None}
        return sum(self._cpu.values())

    def kills(self) -> int:
        """Nobody counts here."""
        return 0

    async def close(self) -> None:
        """See Meter."""
        kill(self.members())


def family(pid: int) -> Iterator[int]:
    """Yield a process and all that descend from it."""
    waiting = [pid]
    while waiting:
        member = waiting.pop()
        yield member
        for children in Path(f"/proc/{member}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                waiting += map(int, children.read_text().split())


def private_bytes(pid: int) -> int:
    """Memory of a process that is not that of a file or shared."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        _, resident, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
        return (resident - shared) * PAGE
    return 0


def cpu_seconds(pid: int) -> float | None:
    """Processor time of a process; None when it is gone."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    return None


def kill(pids: Iterable[int]) -> None:
    """Kill those that are still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
