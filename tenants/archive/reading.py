"""An archive that is believed only after it was looked at from end to end: nothing is unpacked to the disk.

In this order: the seal over the whole file, the size of its table of contents, the names in it (exactly the files
of an archive, so that a name leads nowhere else), what they unpack to, the manifest, that its files and columns are
the ones of this version, and then every line of every file against its checksum and its form.
"""

import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from tenants.archive import manifest, seal
from tenants.archive.errors import ArchiveRefused
from tenants.archive.limits import MOST_LINE_BYTES, most_unpacked_bytes
from tenants.archive.manifest import File, Manifest
from tenants.archive.rows import Tally
from tenants.archive.tables import Table, tables

DAMAGED = "The archive was changed or damaged since it was made: get a whole copy of it."
READ_AHEAD_BYTES = 1 << 16
UNREADABLE = (
    BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    KeyError,
)


@dataclass(frozen=True, slots=True)
class Archive:
    """An open archive whose manifest was checked; its rows are checked as they are read."""

    package: ZipFile
    manifest: Manifest
    sha256: str

    def lines(self, file: File) -> Iterator[bytes]:
        """Yield the lines of a file. Raise ArchiveRefused where they are not those of the manifest."""
        tally = Tally()
        try:
            with io.BufferedReader(self.package.open(file.name), READ_AHEAD_BYTES) as packed:  # type: ignore[type-var]
                while line := packed.readline(min(MOST_LINE_BYTES, file.bytes - tally.size) + 1):
                    tally.add(line)
                    if tally.size > file.bytes or not line.endswith(b"\n"):
                        raise ArchiveRefused(DAMAGED)
                    yield line
        except UNREADABLE as error:
            raise ArchiveRefused(DAMAGED) from error
        if (tally.rows, tally.size, tally.sha256) != (file.rows, file.bytes, file.sha256):
            raise ArchiveRefused(DAMAGED)


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open an archive and check all of it that can be checked without reading its rows. Raise ArchiveRefused."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise ArchiveRefused(
            f"{path} cannot be read ({error.strerror}): name the file of an archive."
        ) from error
    with file:
        sha256 = seal.check(file)
        try:
            package = ZipFile(file)
        except UNREADABLE as error:
            raise ArchiveRefused(DAMAGED) from error
        with package:
            _refuse_strange_contents(package, path.stat().st_size)
            found = manifest.read(_manifest_of(package))
            _refuse_other_tables(found, package)
            yield Archive(package, found, sha256)


def check_rows(archive: Archive) -> None:
    """Read every line. Raise ArchiveRefused for the first that is not a row of this tenant in this version's form."""
    people: set[str] = set()
    for table in tables():
        file = file_of(archive.manifest, table)
        for number, line in enumerate(archive.lines(file), 1):
            row = parsed(line, table)
            if row is None or not _belongs(row, table, archive.manifest, people):
                raise ArchiveRefused(
                    f"Line {number} of {file.name} is no row of this tenant: nothing was taken."
                )
            if table.name == "tenants_user":
                people.add(str(row["id"]))


def parsed(line: bytes, table: Table) -> dict[str, str | None] | None:
    """Return a line as a row, None where it is none: exactly the columns, in order, each a text or null."""
    try:
        pairs = json.loads(line, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return None
    if not isinstance(pairs, _Pairs) or tuple(name for name, _ in pairs) != table.columns:
        return None
    sound = all(value is None or (isinstance(value, str) and "\0" not in value) for _, value in pairs)
    return dict(pairs) if sound else None


class _Pairs(list[tuple[str, Any]]):
    """The members of an object as they stand, with repetitions."""


def file_of(found: Manifest, table: Table) -> File:
    """Return the manifest's entry of a table."""
    return next(file for file in found.files if file.table == table.name)


def _belongs(row: dict[str, str | None], table: Table, found: Manifest, people: set[str]) -> bool:
    if "tenant_id" in row and row["tenant_id"] != found.tenant.id:
        return False
    return all(row[column] in people for column, optional in table.people if not optional)


def _refuse_strange_contents(package: ZipFile, packed_bytes: int) -> None:
    entries = package.infolist()
    known = sorted([manifest.NAME, *(table.file for table in tables())])
    names = sorted(entry.filename for entry in entries)
    if names != known:
        strange = sorted(set(names) ^ set(known)) or names
        raise ArchiveRefused(
            f"The archive does not hold exactly the tables of this version ({strange[0][:80]!r}): "
            "import it with the version that made it, then move it on from there."
        )
    plain = all(entry.compress_type == ZIP_DEFLATED and not entry.flag_bits & 1 for entry in entries)
    if not plain or sum(entry.file_size for entry in entries) > most_unpacked_bytes(packed_bytes):
        raise ArchiveRefused("The archive unpacks to far more than rows of a tenant do; it is not read.")


def _manifest_of(package: ZipFile) -> bytes:
    try:
        with package.open(manifest.NAME) as packed:
            text = packed.read(manifest.MOST_BYTES + 1)
    except UNREADABLE as error:
        raise ArchiveRefused(DAMAGED) from error
    if len(text) > manifest.MOST_BYTES:
        raise ArchiveRefused(manifest.BROKEN)
    return text


def _refuse_other_tables(found: Manifest, package: ZipFile) -> None:
    ours = {table.name: table for table in tables()}
    if sorted(file.table for file in found.files) != sorted(ours):
        raise ArchiveRefused(manifest.BROKEN)
    for file in found.files:
        table = ours[file.table]
        if (file.columns, file.loaded) != (table.columns, table.loaded):
            other = sorted(set(file.columns) ^ set(table.columns)) or ["their order"]
            raise ArchiveRefused(
                f"The columns of {table.name} differ from this version's ({other[0][:80]}): "
                "bring both installations to the same version, then export again."
            )
        if (file.name, file.bytes) != (table.file, package.getinfo(file.name).file_size):
            raise ArchiveRefused(DAMAGED)
