"""The last lines of a deployment: in memory for readers, and on the disk in two segments that take turns."""

import json
from collections import deque
from dataclasses import dataclass
from pathlib import Path

LINES, LONGEST_LINE = 2_000, 4_000
SEGMENT_BYTES = 512 * 1024
LINES_PER_S = 500  # more than that is counted, not kept


@dataclass(frozen=True, slots=True)
class Line:
    """Line `number` of a deployment. `at` is seconds since the epoch; `stream` build, out, err or target."""

    number: int
    at: float
    stream: str
    text: str


class LogRing:
    """One deployment's log. A line that does not fit is cut, a flood is thinned out and says so."""

    def __init__(self, folder: Path) -> None:
        self._path, self._older = folder / "log.jsonl", folder / "log.1.jsonl"
        self._lines: deque[Line] = deque(maxlen=LINES)
        for path in (self._older, self._path):
            self._lines.extend(_kept(path))
        self._next = self._lines[-1].number + 1 if self._lines else 1
        self._second, self._in_second, self._dropped = 0, 0, 0

    def add(self, stream: str, text: str, *, now: float) -> None:
        """Keep a line (several, where the text has several)."""
        kept = [line for piece in text.splitlines() if (line := self._taken(stream, piece, now))]
        if not kept:
            return
        self._lines.extend(kept)
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(
                json.dumps([line.number, line.at, line.stream, line.text]) + "\n" for line in kept
            )
            full = file.tell() > SEGMENT_BYTES
        if full:
            self._path.replace(self._older)

    def after(self, number: int, most: int = LINES) -> list[Line]:
        """Return the lines after this number, the oldest first."""
        return [line for line in self._lines if line.number > number][:most]

    def last(self, count: int) -> list[str]:
        """Return the end of what was written."""
        return [line.text for line in list(self._lines)[-count:]]

    def _taken(self, stream: str, text: str, now: float) -> Line | None:
        if int(now) != self._second:
            dropped, self._dropped = self._dropped, 0
            self._second, self._in_second = int(now), 0
            if dropped:
                text = f"[{dropped} lines were not kept] {text}"
        self._in_second += 1
        if self._in_second > LINES_PER_S:
            self._dropped += 1
            return None
        line = Line(self._next, round(now, 3), stream, text[:LONGEST_LINE].replace("\0", "\ufffd"))
        self._next += 1
        return line


def _kept(path: Path) -> list[Line]:
    """Read a segment; a line cut short by a kill is left out."""
    lines = []
    if path.exists():
        for raw in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                lines.append(Line(*json.loads(raw)))
            except (ValueError, TypeError):
                continue
    return lines
