"""The members of a tar archive, one after the other, each refused before the next is looked at."""

from collections.abc import Iterator
from dataclasses import replace

from deployments.archives.limits import ArchiveRefused, Limits
from deployments.archives.member import Member
from deployments.archives.tar_headers import (
    BLOCK,
    EMPTY,
    FOLDER,
    LONG_NAME,
    PAX,
    Header,
    decimal,
    header_of,
    long_name,
    pax_records,
    refuse_records,
)
from deployments.archives.unpacking import PIECE, Source
from deployments.paths import checked_path, shown

MOST_EXTENSIONS = 8  # headers in a row that only tell about the next one


class TarReader:
    """Reads a tar stream once, from its beginning; what is not asked for is skipped, and counted all the same."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source, self._limits = source, limits
        self._position = 0

    def members(self) -> Iterator[tuple[Member, Iterator[bytes]]]:
        """Yield each file with its bytes, which may be left unread. Raises ArchiveRefused, PathRefused."""
        count = total = 0
        while (header := self._header()) is not None:
            count += 1
            self._limits.refuse_count(count)
            folder = header.kind == FOLDER
            if folder and header.name.strip("/") in {"", "."}:
                self._skip_nothing(header)
                continue
            path = checked_path(header.name.rstrip("/") if folder else header.name)
            if folder:
                self._skip_nothing(header)
                continue
            total += header.size
            self._limits.refuse_size(shown(path), header.size, total)
            member = Member(path, header.size, bool(header.mode & 0o100), start=self._position)
            body = self._body(header.size)
            yield member, body
            for _ in body:
                pass
        self._refuse_rest()

    def _header(self) -> Header | None:
        """Return the next header with all that was told about it; None at the end."""
        told: dict[str, str] = {}
        for _ in range(MOST_EXTENSIONS):
            block = self._exactly(BLOCK, "its end is missing")
            if block == EMPTY:
                if told:
                    raise ArchiveRefused("The archive ends where a header announces a member.")
                return None
            header = header_of(block)
            header.refuse_kind()
            if not header.extends:
                return self._with(header, told)
            data = self._padded(header.size)
            if header.kind == LONG_NAME:
                told["path"] = long_name(data)
                continue
            records = pax_records(data)
            refuse_records(records, everywhere=header.kind != PAX)
            told |= records if header.kind == PAX else {}
        raise ArchiveRefused("Too many headers follow each other without a member.")

    @staticmethod
    def _with(header: Header, told: dict[str, str]) -> Header:
        size = decimal(told["size"]) if "size" in told else header.size
        return replace(header, name=told.get("path", header.name), size=size)

    def _body(self, size: int) -> Iterator[bytes]:
        left = size
        while left:
            piece = self._exactly(min(left, PIECE), "a file ends too early")
            left -= len(piece)
            yield piece
        self._exactly(-size % BLOCK, "a file ends too early")

    def _padded(self, size: int) -> bytes:
        data = self._exactly(size, "a header ends too early")
        self._exactly(-size % BLOCK, "a header ends too early")
        return data

    def _exactly(self, size: int, else_: str) -> bytes:
        data = self._source.read(size)
        self._position += len(data)
        if len(data) != size:
            raise ArchiveRefused(f"The archive is cut off: {else_}.")
        return data

    @staticmethod
    def _skip_nothing(header: Header) -> None:
        if header.size:
            raise ArchiveRefused(f"{shown(header.name)} is a folder and has a size.")

    def _refuse_rest(self) -> None:
        """Let nothing but the usual padding follow the end, and no more of it than a record or two."""
        rest = 0
        while piece := self._source.read(PIECE):
            rest += len(piece)
            if piece.strip(b"\0") or rest > 16 * PIECE:
                raise ArchiveRefused("Something follows the end of the archive.")
