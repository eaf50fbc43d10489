"""An archive that somebody sent is checked from beginning to end; only then may its files be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from deployments.archives.limits import ArchiveRefused, Limits
from deployments.archives.member import Member
from deployments.archives.tar_reading import TarReader
from deployments.archives.unpacking import Gunzipped, Plain
from deployments.archives.zip_reading import zip_body, zip_members
from deployments.paths import refuse_clashes

OTHER_FORMATS = {
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!": "rar",
}
GZIP, ZIPS = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True, slots=True)
class Archive:
    """A checked archive: its members, and their bytes as often as they are asked for."""

    format: str  # tar, tar.gz or zip
    members: tuple[Member, ...]
    file: BinaryIO
    limits: Limits

    @property
    def size(self) -> int:
        """All files together, in bytes."""
        return sum(member.size for member in self.members)

    def contents(self) -> Iterator[tuple[Member, bytes]]:
        """Yield each file with its bytes, one at a time in memory."""
        for member, body in _read(self.file, self.format, self.limits):
            yield member, b"".join(body)


def opened(file: BinaryIO, limits: Limits | None = None) -> Archive:
    """Return the archive in a seekable file, every byte of it checked. Raises ArchiveRefused, PathRefused."""
    limits = limits or Limits()
    format_ = _format(file)
    members = []
    for member, body in _read(file, format_, limits):
        for _ in body:
            pass
        members.append(member)
    if not members:
        raise ArchiveRefused("The archive holds no file.")
    refuse_clashes(member.path for member in members)
    return Archive(format_, tuple(members), file, limits)


def _read(file: BinaryIO, format_: str, limits: Limits) -> Iterator[tuple[Member, Iterator[bytes]]]:
    if format_ == "zip":
        members = zip_members(file, limits)
        return ((member, zip_body(file, member)) for member in members)
    file.seek(0)
    source = Gunzipped(file, limits) if format_ == "tar.gz" else Plain(file)
    return TarReader(source, limits).members()


def _format(file: BinaryIO) -> str:
    file.seek(0)
    begin = file.read(8)
    if begin.startswith(ZIPS):
        return "zip"
    for mark, name in OTHER_FORMATS.items():
        if begin.startswith(mark):
            raise ArchiveRefused(f"Archives in {name} are not taken; send tar, tar.gz or zip.")
    if not begin:
        raise ArchiveRefused("The archive is empty; send tar, tar.gz or zip.")
    return "tar.gz" if begin.startswith(GZIP) else "tar"
