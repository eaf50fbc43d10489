"""The events of a stream as they arrive, whatever way their bytes are cut; the usual cut costs one split.

An event is its JSON as bytes. The usual framing (`data: ...` and an empty line) is taken apart in one go; whatever
else servers do (no empty lines, CRLF, comments, one document over several lines, `event: error`) line by line.
"""

from collections.abc import Iterator

import orjson

from routing.providers.contract import BrokenAnswer

DONE = b"[DONE]"
BEGIN, END, BETWEEN = b"data: ", b"\n\n", b"\n\ndata: "
MAX_EVENT_BYTES = 4_000_000
MAX_EVENT_LINES = 1_000


class Frames:
    """Feed it pieces; it gives the events that are whole. `done` once the stream said [DONE]."""

    __slots__ = ("_lines", "_named", "_rest", "done")

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []
        self._named = b""
        self.done = False

    @property
    def between(self) -> bool:
        """Whether everything so far was whole: the next piece begins an event."""
        return not self._rest and not self._lines

    def feed(self, piece: bytes) -> list[bytes]:
        """Return the events that are whole now. Raises BrokenAnswer on what is no JSON."""
        if not self._rest and not self._lines and piece.startswith(BEGIN) and piece.endswith(END):
            events = piece[6:-2].split(BETWEEN)
            if piece.count(b"\n") == 2 * len(events) and b"\r" not in piece:
                if DONE in events:
                    self.done = True
                    return events[: events.index(DONE)]
                return events
        return list(self._slowly(piece))

    def end(self) -> None:
        """The stream has ended. Raises BrokenAnswer inside an event."""
        if self.done:
            return
        left = list(self._slowly(b"\n")) if self._rest else []
        if left or self._lines:
            raise BrokenAnswer(f"the stream ended inside a chunk: {_shown(left or self._lines)}")

    def last(self) -> list[bytes]:
        """Return the event of a last line that nothing ended."""
        if self.done or not self._rest:
            return []
        return list(self._slowly(b"\n"))

    def _slowly(self, piece: bytes) -> Iterator[bytes]:
        *whole, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > MAX_EVENT_BYTES:
            raise BrokenAnswer(f"an event of more than {MAX_EVENT_BYTES} bytes")
        for line in whole:
            if self.done:
                return
            found = self._line(line.removesuffix(b"\r"))
            if found is not None:
                yield found

    def _line(self, line: bytes) -> bytes | None:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._named = value
        elif field == b"data":
            if value.strip() == DONE:
                self.done = True
                return None
            return self._more(value)
        elif not line and self._lines:
            raise BrokenAnswer(f"a malformed chunk: {_shown(self._lines)}")
        return None

    def _more(self, value: bytes) -> bytes | None:
        """An event is given out with the line that completes it: some servers forget the empty line after it."""
        self._lines.append(value)
        if len(self._lines) > MAX_EVENT_LINES:
            raise BrokenAnswer(f"an event of more than {MAX_EVENT_LINES} lines")
        whole = b"\n".join(self._lines)
        try:
            document = orjson.loads(whole)
        except ValueError:
            return None
        named, self._named, self._lines = self._named, b"", []
        return orjson.dumps({"error": document}) if named == b"error" else whole.replace(b"\n", b" ")


def _shown(lines: list[bytes]) -> str:
    return repr(b"\n".join(lines)[:80].decode("utf-8", "replace"))
