"""The JSON documents of a server-sent event stream, whatever way its bytes are cut."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from routing.providers.contract import BrokenAnswer

DONE = b"[DONE]"
MAX_EVENT_BYTES = 4_000_000  # one event larger than this is a mistake or an attack
MAX_EVENT_LINES = 1_000


def documents(pieces: Iterable[bytes]) -> Iterator[Any]:
    """Yield each event's JSON until the stream ends or says [DONE]. Raises BrokenAnswer on what is no JSON.

    An event is given out with the data line that completes it: servers that forget the empty line between events
    are understood, and so are those that spread one document over several lines. An event named `error` comes as
    `{"error": ...}`. Comments and other fields are skipped.
    """
    pending: list[bytes] = []
    named = b""
    for line in _lines(pieces):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            named = value
        elif field == b"data":
            if value.strip() == DONE:
                return
            pending.append(value)
            found, document = _parsed(pending)
            if found:
                yield {"error": document} if named == b"error" else document
                pending, named = [], b""
        elif not line and pending:
            raise BrokenAnswer(f"a malformed chunk: {_shown(pending)}")
    if pending:
        raise BrokenAnswer(f"the stream ended inside a chunk: {_shown(pending)}")


def _parsed(lines: list[bytes]) -> tuple[bool, Any]:
    if len(lines) > MAX_EVENT_LINES:
        raise BrokenAnswer(f"an event of more than {MAX_EVENT_LINES} lines")
    try:
        return True, json.loads(b"\n".join(lines))
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        return False, None


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines end with LF or CRLF and nothing else.

    JSON may hold U+2028 or U+0085 as they are: `str.splitlines`, and httpx with it, would cut an event in two.
    """
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line.removesuffix(b"\r") for line in whole)
        if len(rest) > MAX_EVENT_BYTES:
            raise BrokenAnswer(f"an event of more than {MAX_EVENT_BYTES} bytes")
    if rest:
        yield rest.removesuffix(b"\r")


def _shown(lines: list[bytes]) -> str:
    return repr(b"\n".join(lines)[:80].decode("utf-8", "replace"))
