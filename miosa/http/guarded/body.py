"""How much of a body is taken: counted after decompression, piece by piece, so that no bomb goes off; pure."""

import zlib
from collections.abc import Iterator, Mapping

from miosa.http.guarded.errors import BodyTooLarge, OutgoingRefused

PLAIN = frozenset({"", "identity"})
GZIP = frozenset({"gzip", "x-gzip"})
PIECE_BYTES = 64 * 1024
GZIP_HEADER = 16 + zlib.MAX_WBITS
# What describes the body as it was sent, and cookies: nothing is kept between two calls.
NOT_HANDED_ON = frozenset({b"content-encoding", b"content-length", b"transfer-encoding", b"set-cookie"})


class Measure:
    """Takes the raw pieces of one body and gives out plain ones, up to a number of bytes.

    Raises BodyTooLarge as soon as more is there, and OutgoingRefused for an encoding that we did not ask for.
    """

    def __init__(self, headers: Mapping[str, str], most_bytes: int) -> None:
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding not in PLAIN | GZIP:
            raise OutgoingRefused("The answer is compressed in a way that was not asked for.")
        self._most, self._left = most_bytes, most_bytes
        self._gzip = zlib.decompressobj(GZIP_HEADER) if encoding in GZIP else None
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) > most_bytes:
            raise self._too_large()

    def pieces(self, raw: bytes) -> Iterator[bytes]:
        """Yield what a raw piece holds."""
        if self._gzip is None:
            yield self._counted(raw)
            return
        while raw and not self._gzip.eof:
            try:
                plain = self._gzip.decompress(raw, PIECE_BYTES)
            except zlib.error:
                raise OutgoingRefused("The answer says it is gzip and is not.") from None
            raw = self._gzip.unconsumed_tail
            if plain:
                yield self._counted(plain)

    def _counted(self, plain: bytes) -> bytes:
        self._left -= len(plain)
        if self._left < 0:
            raise self._too_large()
        return plain

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"The answer is larger than {self._most} bytes; it was not taken.")


def handed_on(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer that still hold of what the caller gets."""
    return [one for one in headers if one[0].lower() not in NOT_HANDED_ON]
