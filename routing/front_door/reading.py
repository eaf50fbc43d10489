"""The journal as the clerk reads it: what ended, which blocks are over, and what a killed process left behind."""

import fcntl
import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from routing.front_door.journal import SUFFIX

logger = logging.getLogger(__name__)

Line = dict[str, Any]
KILLED = "the process that made the call was killed"
BLOCKS = frozenset({"opened", "closed"})
ALONE = frozenset({"hit", "vectors"})  # lines that say everything by themselves
UNWRITTEN = b"\0"  # no JSON holds it: here the file goes on some day, or its writer was killed
MOST_READ = 4_000_000  # bytes of a file at once


class Ended(NamedTuple):
    """A call that is over: what was written when it began, and when it ended."""

    begun: Line
    ended: Line


@dataclass
class File:
    """One file and how far it was read. `open` are the calls that began and have not ended."""

    path: Path
    offset: int = 0
    rest: bytes = b""
    open: dict[str, Line] = field(default_factory=dict)
    blocks: set[str] = field(default_factory=set)
    whole: bool = False

    def lines(self) -> Iterator[Line]:
        """Yield what was written since; `whole` is set where nothing more will ever come."""
        over = self._is_over()
        with self.path.open("rb") as file:
            file.seek(self.offset)
            new = file.read(MOST_READ).partition(UNWRITTEN)[0]
        self.offset += len(new)
        *lines, self.rest = (self.rest + new).split(b"\n")
        for line in lines:
            try:
                if line.strip():
                    yield orjson.loads(line)
            except ValueError:  # its call counts as one that never ended
                logger.error("A line of %s cannot be read: %r", self.path.name, line[:80])  # noqa: TRY400
        # A line that was cut off by the end of its process: the call counts as one that never ended.
        self.whole = over and not new

    def _is_over(self) -> bool:
        """Whether its writer has let go of it."""
        with self.path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return False
        return True


@dataclass
class Writer:
    """The files of one process, and its blocks of money: `spent` so far, `closed` with what was spent in all."""

    files: list[File] = field(default_factory=list)
    tenants: dict[str, str] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    closed: dict[str, int] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)

    def is_over(self) -> bool:
        """Whether the process is gone and all it wrote is read."""
        return all(file.whole for file in self.files)

    def take(self, file: File) -> list[Ended]:
        """Read on in a file; return the calls that ended meanwhile."""
        found = []
        for line in file.lines():
            if line["kind"] in BLOCKS:
                self._block(file, line["block"], line["tenant"])
                if line["kind"] == "closed":
                    self.closed[line["block"]] = line["spent"]
                continue
            if line["kind"] in ALONE:
                found.append(Ended(line, line))
                continue
            if line["kind"] == "begun":
                file.open[line["id"]] = line
                self._block(file, line["block"], line["tenant"])
                continue
            begun = file.open.pop(line["id"], None)
            if begun is not None:
                self.spent[begun["block"]] += line["spent"]
                found.append(Ended(begun, line))
        return found

    def left_behind(self) -> list[Ended]:
        """Return the calls that its process was killed in: what they used is an estimate, and nobody pays for it."""
        left = [(file, line) for file in self.files for line in file.open.values()]
        for file in self.files:
            file.open.clear()
        return [Ended(line, _killed(line)) for _, line in left]

    def due(self) -> dict[str, int]:
        """Return the blocks to settle now, with what was spent of them."""
        found = {block: spent for block, spent in self.closed.items() if block not in self.settled}
        if self.is_over():
            found |= {
                block: self.spent[block]
                for block in self.tenants
                if block not in self.settled and block not in self.closed
            }
        return found

    def done_with(self) -> list[File]:
        """Return the files that are needed no more, oldest first: what is left can always be understood."""
        found = []
        for file in sorted(self.files, key=lambda one: one.path.name):
            if not file.whole or file.open or not file.blocks <= self.settled:
                break
            found.append(file)
        return found

    def _block(self, file: File, block: str, tenant: str) -> None:
        if block:
            file.blocks.add(block)
            self.tenants[block] = tenant


def writer_of(path: Path) -> str:
    """Return which process a file belongs to."""
    return path.name.removesuffix(SUFFIX).rpartition("-")[0]


def _killed(begun: Line) -> Line:
    tries = [
        [
            begun["model"], begun["provider"], False, None, KILLED, begun["input"], 0, 0, True, 0, None, begun["at"], begun["cost"],
        ]
    ]  # fmt: skip
    return {"id": begun["id"], "tries": tries, "finish": "", "spent": 0}
