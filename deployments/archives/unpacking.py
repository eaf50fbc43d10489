"""Bytes come out of a gzip stream piece by piece, so that no more is in memory than was asked for."""

import zlib
from typing import BinaryIO, Protocol

from deployments.archives.limits import ArchiveRefused, Limits

GZIP = 16 + zlib.MAX_WBITS
PIECE = 64 * 1024


class Source(Protocol):
    """What plain bytes are read from; fewer than asked for come at the end only."""

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes."""


class Plain:
    """A file that is not packed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes."""
        pieces: list[bytes] = []
        while size and (piece := self._file.read(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


class Gunzipped:
    """One gzip stream. Raises ArchiveRefused where it is damaged, cut off, followed by anything, or a bomb."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._file, self._limits = file, limits
        self._inflate = zlib.decompressobj(GZIP)
        self._taken = self._given = 0
        self._waiting = b""

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes."""
        pieces: list[bytes] = []
        while size > 0 and (piece := self._piece(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _piece(self, size: int) -> bytes:
        """Return some bytes, none at the end."""
        while not self._inflate.eof:
            raw = self._waiting or self._file.read(PIECE)
            self._taken += 0 if self._waiting else len(raw)
            if not raw:
                raise ArchiveRefused("The archive is cut off: its gzip stream has no end.")
            try:
                plain = self._inflate.decompress(raw, size)
            except zlib.error:
                raise ArchiveRefused(
                    "The archive is damaged: it says it is gzip and cannot be unpacked."
                ) from None
            self._waiting = self._inflate.unconsumed_tail
            if plain:
                self._given += len(plain)
                self._limits.refuse_ratio(self._taken, self._given)
                return plain
        if self._inflate.unused_data or self._waiting or self._file.read(1):
            raise ArchiveRefused("Something follows the end of the archive's gzip stream.")
        return b""
