"""A process's output as lines."""

from collections.abc import Callable

from deployments.boxes.contract import Ended, Output, Process
from deployments.boxes.errors import BoxError

LONGEST_LINE = 4_000
NAMES = {"stdout": "out", "stderr": "err"}


async def follow(process: Process, heard: Callable[[str, str], None]) -> Ended | None:
    """Hand on each line (stream "out" or "err", text) until the end; None where the box is gone before that."""
    rests = {"stdout": b"", "stderr": b""}
    ended = None
    try:
        async for event in process.listen():
            if isinstance(event, Output):
                rests[event.stream] = _lines(
                    rests.get(event.stream, b"") + event.data, NAMES.get(event.stream, "out"), heard
                )
            else:
                ended = event
    except BoxError:
        ended = None
    for stream, rest in rests.items():
        if rest:
            heard(NAMES.get(stream, "out"), _text(rest))
    return ended


def _lines(data: bytes, stream: str, heard: Callable[[str, str], None]) -> bytes:
    """Hand on what is whole; return the rest, which is cut into lines where it has no end."""
    *whole, rest = data.split(b"\n")
    for line in whole:
        heard(stream, _text(line))
    while len(rest) > LONGEST_LINE:
        heard(stream, _text(rest[:LONGEST_LINE]))
        rest = rest[LONGEST_LINE:]
    return rest


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r")
