"""The members of a zip file: all of them checked against each other first, then unpacked one by one."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from deployments.archives.limits import ArchiveRefused, Limits
from deployments.archives.member import Member, refuse_mode
from deployments.archives.unpacking import PIECE
from deployments.archives.zip_directory import Entry, data_start, entries_of
from deployments.paths import checked_path, shown


def zip_members(file: BinaryIO, limits: Limits) -> list[Member]:
    """Return the files as the headers tell them; no byte of them is unpacked. Raises ArchiveRefused, PathRefused."""
    entries, directory = entries_of(file, limits)
    members, spans, total = [], [], 0
    for entry in entries:
        refuse_mode(entry.text, entry.mode)
        start = data_start(file, entry)
        spans.append((entry.offset, start + entry.packed))
        path = checked_path(entry.text.removesuffix("/"))
        if entry.text.endswith("/"):
            if entry.size or entry.packed > 2:  # noqa: PLR2004  deflated nothing takes two bytes
                raise ArchiveRefused(f"{shown(path)} is a folder and has a size.")
            continue
        total += entry.size
        limits.refuse_size(shown(path), entry.size, total)
        limits.refuse_ratio(entry.packed, entry.size)
        members.append(_member(path, entry, start))
    _refuse_overlaps(spans, directory)
    return members


def zip_body(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """Yield a member's bytes. Raises ArchiveRefused as soon as they are others than its header says."""
    file.seek(member.start)
    given, crc = 0, 0
    for piece in _inflated(file, member) if member.deflated else _stored(file, member):
        given += len(piece)
        crc = zlib.crc32(piece, crc)
        if given > member.size:
            break
        yield piece
    if given != member.size or crc != member.crc:
        raise ArchiveRefused(
            f"{shown(member.path)} is damaged, or holds something else than its header says."
        )


def _member(path: str, entry: Entry, start: int) -> Member:
    return Member(path, entry.size, bool(entry.mode & 0o100), start, entry.packed, entry.deflated, entry.crc)


def _refuse_overlaps(spans: list[tuple[int, int]], directory: int) -> None:
    """Raise ArchiveRefused where two members share bytes: a small file could otherwise hold a huge tree."""
    end = 0
    for begin, stop in sorted(spans):
        if begin < end:
            raise ArchiveRefused("Two members of the zip file share the same bytes.")
        end = stop
    if end > directory or (spans and min(spans)[0]):
        raise ArchiveRefused("Something stands before, between or behind the parts of the zip file.")


def _stored(file: BinaryIO, member: Member) -> Iterator[bytes]:
    left = member.packed
    while left and (piece := file.read(min(left, PIECE))):
        left -= len(piece)
        yield piece


def _inflated(file: BinaryIO, member: Member) -> Iterator[bytes]:
    inflate, left = zlib.decompressobj(-zlib.MAX_WBITS), member.packed
    waiting = b""
    while not inflate.eof:
        raw = waiting or file.read(min(left, PIECE))
        left -= 0 if waiting else len(raw)
        if not raw:
            break
        try:
            plain = inflate.decompress(raw, PIECE)
        except zlib.error:
            break
        waiting = inflate.unconsumed_tail
        if plain:
            yield plain
    if not inflate.eof or inflate.unused_data or waiting or left:
        raise ArchiveRefused(f"{shown(member.path)} is damaged: it cannot be unpacked.")
