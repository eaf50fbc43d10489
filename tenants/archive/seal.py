"""The seal of an archive file: its comment ends with the SHA-256 of every byte before it.

A zip file has bytes that no checksum of its own covers (times, attributes, padding). With the seal any changed or
missing byte is found by reading the file once, before anything in it is believed. It proves that the file is whole,
not who made it: whoever can write the file can seal it again.
"""

import hashlib
import os
import struct
from typing import BinaryIO

from tenants.archive.errors import ArchiveRefused

MARK = b"MIOSA tenant archive, SHA-256 "
DIGITS = 64
COMMENT = MARK + b"0" * DIGITS
CHUNK_BYTES = 1 << 20

END = struct.Struct("<4s4H2LH")  # end of central directory, before the comment
END_64 = struct.Struct("<4sQ2H2L4Q")  # its larger twin, and the locator that leads to it
LOCATOR = struct.Struct("<4sLQL")
END_MARK, LOCATOR_MARK = b"PK\x05\x06", b"PK\x06\x07"
MOST_DIRECTORY_BYTES = 1_000_000  # about sixty tables need 6,000


def put_on(file: BinaryIO) -> None:
    """Seal a finished zip file whose comment is COMMENT."""
    file.seek(-DIGITS, os.SEEK_END)
    digest = _digest(file, file.tell())
    file.seek(-DIGITS, os.SEEK_END)
    file.write(digest.encode())


def on(file: BinaryIO) -> str:
    """Return the digest that a sealed file bears, unchecked."""
    file.seek(-DIGITS, os.SEEK_END)
    return file.read(DIGITS).decode()


def check(file: BinaryIO) -> str:
    """Return the digest of a whole archive. Raise ArchiveRefused where a byte is missing or was changed."""
    size = file.seek(0, os.SEEK_END)
    smallest = END.size + len(COMMENT)
    tail = _tail(file, size, min(size, smallest + END_64.size + LOCATOR.size))
    if size < smallest or not tail[:-DIGITS].endswith(MARK):
        raise ArchiveRefused(
            "The file is no archive of a tenant, or its end is missing: get a whole one from `tenants export`."
        )
    if _digest(file, size - DIGITS).encode() != tail[-DIGITS:]:
        raise ArchiveRefused("The archive was changed or damaged since it was made: get a whole copy of it.")
    _refuse_large_directory(tail)
    return tail[-DIGITS:].decode()


def _refuse_large_directory(tail: bytes) -> None:
    """Its table of contents is read into memory at once: look at its size first, in both places that tell one."""
    end = len(tail) - len(COMMENT) - END.size
    directory_bytes = END.unpack_from(tail, end)[5]
    larger = end - LOCATOR.size - END_64.size
    if larger >= 0 and tail[end - LOCATOR.size : end].startswith(LOCATOR_MARK):
        directory_bytes = max(directory_bytes, END_64.unpack_from(tail, larger)[8])
    # The last mark of an end is the one that will be believed: no other may stand behind the place looked at.
    if directory_bytes > MOST_DIRECTORY_BYTES or tail.rfind(END_MARK) != end:
        raise ArchiveRefused("The archive has a table of contents that no export makes; it is not read.")


def _tail(file: BinaryIO, size: int, length: int) -> bytes:
    file.seek(size - length)
    return file.read(length)


def _digest(file: BinaryIO, length: int) -> str:
    found = hashlib.sha256()
    file.seek(0)
    while length:
        chunk = file.read(min(length, CHUNK_BYTES))
        if not chunk:
            break
        found.update(chunk)
        length -= len(chunk)
    return found.hexdigest()
