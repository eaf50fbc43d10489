"""Frames between a box's agent and its host: a JSON header and some bytes, both of bounded length."""

import json
import struct
from collections.abc import Iterator
from typing import Any

LENGTHS = struct.Struct("!II")
MOST_HEADER = 512 * 1024
MOST_BYTES = 256 * 1024

Frame = tuple[dict[str, Any], bytes]


class BadFrame(Exception):  # noqa: N818  (it is what was met)
    """What came is not a frame; whoever sent it is not to be believed any more."""


def frame(header: dict[str, Any], data: bytes = b"") -> bytes:
    """Return one frame as it is sent."""
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    if len(text) > MOST_HEADER or len(data) > MOST_BYTES:
        raise BadFrame("The frame would be too large.")
    return b"".join((LENGTHS.pack(len(text), len(data)), text, data))


class FrameReader:
    """Takes bytes as they come and gives whole frames."""

    def __init__(self) -> None:
        self._left = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that are whole now. Raise BadFrame at the first that cannot be one."""
        self._left += data
        start = 0
        try:
            while len(self._left) - start >= LENGTHS.size:
                header, body = LENGTHS.unpack_from(self._left, start)
                if header > MOST_HEADER or body > MOST_BYTES:
                    raise BadFrame("A frame is larger than may be.")
                middle = start + LENGTHS.size + header
                if len(self._left) < middle + body:
                    break
                text = bytes(self._left[start + LENGTHS.size : middle])
                content = bytes(self._left[middle : middle + body])
                start = middle + body
                yield _header(text), content
        finally:
            del self._left[:start]


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame("A header is not JSON.") from error
    if not isinstance(header, dict):
        raise BadFrame("A header is not an object.")
    return header
