"""A pack is measured before it is unpacked: how many objects, how large each becomes, and all together.

Format: gitformat-pack(5). Nothing of an object is kept here, so that a pack that grows without end costs no memory.
"""

import zlib
from dataclasses import dataclass
from io import BytesIO

from dulwich.object_store import MemoryObjectStore

from deployments.archives.limits import ArchiveRefused
from deployments.git.errors import RemoteFailed, RemoteRefused
from deployments.git.limits import GitLimits

MAGIC, VERSIONS = b"PACK", (2, 3)
HEADER, TRAILER, ID = 12, 20, 20
OFS_DELTA, REF_DELTA = 6, 7
KINDS = {1, 2, 3, 4, OFS_DELTA, REF_DELTA}
PIECE = 64 * 1024
LONGEST_NUMBER = 10  # bytes
MOST_HEAD = 2 * LONGEST_NUMBER  # of a delta: the two sizes


class BrokenPack(Exception):  # noqa: N818  reads as what it is
    """The pack does not follow the format."""


def unpacked(pack: bytes, limits: GitLimits) -> MemoryObjectStore:
    """Return the objects of a pack. Raises RemoteRefused for what is too much, RemoteFailed for what is broken."""
    store = MemoryObjectStore()
    try:
        measure(pack, limits)
        file, commit, abort = store.add_pack()
        try:
            file.write(pack)
            commit()
        except BaseException:
            abort()
            raise
    except ArchiveRefused as error:
        raise RemoteRefused(str(error)) from error
    except RemoteRefused:
        raise
    except Exception as error:  # the library raises whatever its parsers meet
        raise RemoteFailed("What the remote sent is no sound pack.") from error
    return store


def measure(pack: bytes, limits: GitLimits) -> None:
    """Raise RemoteRefused or ArchiveRefused where a pack is more than is taken; BrokenPack where it is none."""
    if len(pack) < HEADER + TRAILER or pack[:4] != MAGIC or int.from_bytes(pack[4:8]) not in VERSIONS:
        raise BrokenPack
    count = int.from_bytes(pack[8:12])
    if count > limits.objects:
        raise RemoteRefused(f"The remote sends {count:,} objects; {limits.objects:,} are taken.")
    at, total = HEADER, 0
    for _ in range(count):
        entry = _entry(pack, at)
        limits.tree.refuse_size("an object of the pack", entry.becomes, total + entry.becomes)
        at, total = _past(pack, entry), total + entry.becomes
    if at != len(pack) - TRAILER:
        raise BrokenPack


@dataclass(frozen=True, slots=True)
class _Entry:
    """One object: where its compressed bytes begin, how many they unpack to, and how large the object becomes."""

    start: int
    unpacks: int
    becomes: int


def _entry(pack: bytes, at: int) -> _Entry:
    first = _byte(pack, at)
    kind, size, shift = (first >> 4) & 7, first & 15, 4
    at += 1
    while first & 128:
        first = _byte(pack, at)
        size |= (first & 127) << shift
        at, shift = at + 1, shift + 7
        if shift > 7 * LONGEST_NUMBER:
            raise BrokenPack
    if kind not in KINDS:
        raise BrokenPack
    if kind == OFS_DELTA:
        while _byte(pack, at) & 128:
            at += 1
        at += 1
    elif kind == REF_DELTA:
        at += ID
    becomes = _target(pack, at) if kind in {OFS_DELTA, REF_DELTA} else size
    return _Entry(at, size, max(becomes, size))


def _target(pack: bytes, at: int) -> int:
    """Return the size that a delta says it makes: the second number of what it unpacks to."""
    head = zlib.decompressobj().decompress(pack[at : at + PIECE], MOST_HEAD)
    numbers, place = [], 0
    for _ in range(2):
        number = shift = 0
        while True:
            byte = _byte(head, place)
            number |= (byte & 127) << shift
            place, shift = place + 1, shift + 7
            if not byte & 128:
                break
        numbers.append(number)
    return numbers[1]


def _past(pack: bytes, entry: _Entry) -> int:
    """Return where the next object begins. Raises BrokenPack where this one is not as long as it says."""
    stream, at, length = zlib.decompressobj(), entry.start, 0
    while not stream.eof:
        fed = stream.unconsumed_tail or pack[at : at + PIECE]
        if not stream.unconsumed_tail:
            at += len(fed)
        if not fed:
            raise BrokenPack
        length += len(stream.decompress(fed, PIECE))
        if length > entry.unpacks:
            raise BrokenPack
    if length != entry.unpacks:
        raise BrokenPack
    return at - len(stream.unused_data)


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise BrokenPack
    return data[at]


class Taken:
    """The bytes of a pack that is coming in. Raises RemoteRefused as soon as there are too many."""

    def __init__(self, limits: GitLimits) -> None:
        self._limits, self._file = limits, BytesIO()

    def write(self, piece: bytes) -> int:
        """Take a piece."""
        if self._file.tell() + len(piece) > self._limits.pack_bytes:
            raise RemoteRefused(
                f"The remote sends more than {self._limits.pack_bytes:,} bytes; choose a smaller repository."
            )
        return self._file.write(piece)

    def whole(self) -> bytes:
        """Return all that came."""
        return self._file.getvalue()
