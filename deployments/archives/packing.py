"""Files go out as tar, tar.gz or zip: the same bytes for the same files, whenever and wherever it is made."""

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

BLOCK = 512
END_OF_TAR = bytes(2 * BLOCK)
NAME, PREFIX = 100, 155  # bytes of a name in a ustar header
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"  # no time, no name, unknown system
LEVEL = 6
FIRST_OF_1980 = (0, 0x21)  # zip knows no earlier time
UTF8 = 0x0800
UNIX = 3 << 8 | 20


@dataclass(frozen=True, slots=True)
class Packed:
    """One file that goes out; its bytes are read when its turn comes."""

    path: str
    size: int
    executable: bool
    read: Callable[[], bytes]


def tar_of(files: Iterable[Packed]) -> Iterator[bytes]:
    """Yield an uncompressed tar archive of the files, sorted by path."""
    for file in sorted(files, key=lambda one: one.path):
        data = file.read()
        yield _tar_header(file)
        yield data
        yield bytes(-len(data) % BLOCK)
    yield END_OF_TAR


def gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces as one gzip stream without a time in it."""
    deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    crc, size = 0, 0
    yield GZIP_HEADER
    for piece in pieces:
        crc, size = zlib.crc32(piece, crc), size + len(piece)
        if packed := deflate.compress(piece):
            yield packed
    yield deflate.flush()
    yield struct.pack("<II", crc, size & 0xFFFFFFFF)


def zip_of(files: Iterable[Packed]) -> Iterator[bytes]:
    """Yield a zip file of the files, sorted by path."""
    entries, offset = [], 0
    for file in sorted(files, key=lambda one: one.path):
        data = file.read()
        deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = deflate.compress(data) + deflate.flush()
        name = file.path.encode()
        shared = struct.pack(
            "<HHHHHIIIHH", 20, UTF8, 8, *FIRST_OF_1980, zlib.crc32(data), len(packed), len(data), len(name), 0
        )
        yield b"PK\x03\x04" + shared + name
        yield packed
        mode = 0o100755 if file.executable else 0o100644
        entries.append(
            b"PK\x01\x02"
            + struct.pack("<H", UNIX)
            + shared
            + struct.pack("<HHHII", 0, 0, 0, mode << 16, offset)
            + name
        )
        offset += 30 + len(name) + len(packed)
    directory = b"".join(entries)
    yield directory
    yield b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(directory), offset, 0)


def _tar_header(file: Packed) -> bytes:
    name = file.path.encode()
    prefix, short = _split(name)
    if short is None:  # longer than ustar takes: a pax header says the name
        record = _pax_record(b"path", name)
        extension = _ustar(b"././@PaxHeader", b"", size=len(record), mode=0o644, kind=b"x")
        padded = record + bytes(-len(record) % BLOCK)
        return extension + padded + _ustar(name[:NAME], b"", size=file.size, mode=_mode(file), kind=b"0")
    return _ustar(short, prefix, size=file.size, mode=_mode(file), kind=b"0")


def _split(name: bytes) -> tuple[bytes, bytes | None]:
    """Return prefix and name where both fit into a header; no name where they do not."""
    if len(name) <= NAME:
        return b"", name
    for at in range(min(PREFIX, len(name) - 1), 0, -1):
        if name[at : at + 1] == b"/" and len(name) - at - 1 <= NAME:
            return name[:at], name[at + 1 :]
    return b"", None


def _mode(file: Packed) -> int:
    return 0o755 if file.executable else 0o644


def _pax_record(key: bytes, value: bytes) -> bytes:
    rest = b" " + key + b"=" + value + b"\n"
    size = len(rest) + len(str(len(rest)))
    size = len(rest) + len(str(size))
    return str(size).encode() + rest


def _ustar(name: bytes, prefix: bytes, *, size: int, mode: int, kind: bytes) -> bytes:
    head = b"".join(
        (
            name.ljust(NAME, b"\0"), b"%07o\0" % mode, b"%07o\0" % 0, b"%07o\0" % 0, b"%011o\0" % size, b"%011o\0" % 0,
            b" " * 8, kind, bytes(100), b"ustar\x0000", bytes(32), bytes(32), b"%07o\0" % 0, b"%07o\0" % 0,
            prefix.ljust(PREFIX, b"\0"), bytes(12),
        )
    )  # fmt: skip
    return head[:148] + b"%06o\0 " % sum(head) + head[156:]
