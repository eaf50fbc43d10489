"""The directory of a zip file, read strictly from its raw bytes; nothing it says is believed unchecked."""

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

from deployments.archives.limits import ArchiveRefused, Limits

END, END_SIZE, MOST_COMMENT = b"PK\x05\x06", 22, 0xFFFF
ENTRY, ENTRY_SIZE = b"PK\x01\x02", 46
LOCAL, LOCAL_SIZE = b"PK\x03\x04", 30
OF_ZIP64 = 0xFFFFFFFF
MOST_ENTRY = 8 * 1024  # bytes of one entry with name, extra field and comment
ENCRYPTED = 0x0001 | 0x0040 | 0x2000
STORED, DEFLATED = 0, 8


@dataclass(frozen=True, slots=True)
class Entry:
    """What the directory says of one member."""

    name: bytes
    deflated: bool
    crc: int
    packed: int
    size: int
    mode: int  # of Unix, whoever made it; 0 where it tells none
    offset: int

    @property
    def text(self) -> str:
        """The name. Raises ArchiveRefused where it is not UTF-8."""
        try:
            return self.name.decode()
        except UnicodeDecodeError:
            raise ArchiveRefused(f"The name {self.name[:80]!r} is not UTF-8.") from None


def entries_of(file: BinaryIO, limits: Limits) -> tuple[list[Entry], int]:
    """Return the entries and where the directory begins. Raises ArchiveRefused."""
    count, size, start = _end(file, limits)
    file.seek(start)
    raw = file.read(size)
    entries, at = [], 0
    for _ in range(count):
        entry, at = _entry(raw, at)
        entries.append(entry)
    if at != len(raw):
        raise ArchiveRefused("The zip file's directory holds something else than its entries.")
    return entries, start


def data_start(file: BinaryIO, entry: Entry) -> int:
    """Return where an entry's bytes begin. Raises ArchiveRefused where its local header says something else."""
    file.seek(entry.offset)
    raw = file.read(LOCAL_SIZE)
    if len(raw) != LOCAL_SIZE or raw[:4] != LOCAL:
        raise ArchiveRefused(f"{entry.name[:80]!r} does not lie where the zip file's directory says.")
    _, flags, method, _, _, crc, packed, size, name_size, extra_size = struct.unpack("<HHHHHIIIHH", raw[4:])
    name = file.read(name_size)
    streamed = bool(flags & 0x0008)  # sizes follow the bytes
    same = streamed or (crc, packed, size) == (entry.crc, entry.packed, entry.size)
    if name != entry.name or flags & ENCRYPTED or (method == DEFLATED) != entry.deflated or not same:
        raise ArchiveRefused(
            f"{entry.name[:80]!r}: the zip file's directory and the member tell different things."
        )
    return int(entry.offset + LOCAL_SIZE + name_size + extra_size)


def _end(file: BinaryIO, limits: Limits) -> tuple[int, int, int]:
    """Return how many entries there are, and size and place of the directory."""
    whole = file.seek(0, os.SEEK_END)
    file.seek(max(0, whole - END_SIZE - MOST_COMMENT))
    tail = file.read()
    at = tail.rfind(END)
    if at < 0 or len(tail) - at < END_SIZE:
        raise ArchiveRefused("The zip file is cut off: its directory is missing.")
    disk, begin, here, count, size, start, comment = struct.unpack("<HHHHIIH", tail[at + 4 : at + END_SIZE])
    if count == MOST_COMMENT or OF_ZIP64 in {size, start}:
        raise ArchiveRefused("Zip64 is not taken: what is taken is small enough for plain zip.")
    if disk or begin or here != count:
        raise ArchiveRefused("A zip file in several parts is not taken.")
    limits.refuse_count(count)
    if size > count * MOST_ENTRY:
        raise ArchiveRefused("The zip file's directory is larger than its entries can be.")
    end = whole - len(tail) + at
    if end + END_SIZE + comment != whole or start + size != end:
        raise ArchiveRefused("Something stands before, between or behind the parts of the zip file.")
    return count, size, start


def _entry(raw: bytes, at: int) -> tuple[Entry, int]:
    fixed = raw[at : at + ENTRY_SIZE]
    if len(fixed) != ENTRY_SIZE or fixed[:4] != ENTRY:
        raise ArchiveRefused("The zip file's directory is damaged.")
    _, _, flags, method = struct.unpack("<HHHH", fixed[4:12])
    crc, packed, size, name_size, extra_size, comment_size = struct.unpack("<IIIHHH", fixed[16:34])
    attributes, offset = struct.unpack("<II", fixed[38:46])
    name = raw[at + ENTRY_SIZE : at + ENTRY_SIZE + name_size]
    if len(name) != name_size:
        raise ArchiveRefused("The zip file's directory is damaged.")
    if flags & ENCRYPTED:
        raise ArchiveRefused(f"{name[:80]!r} is encrypted; only plain files are taken.")
    if method not in {STORED, DEFLATED}:
        raise ArchiveRefused(f"{name[:80]!r} is packed in a way that is not taken; use deflate.")
    if OF_ZIP64 in {packed, size, offset}:
        raise ArchiveRefused(f"{name[:80]!r} uses zip64, which is not taken.")
    entry = Entry(name, method == DEFLATED, crc, packed, size, attributes >> 16, offset)
    return entry, at + ENTRY_SIZE + name_size + extra_size + comment_size
