"""What an archive says of itself: `manifest.json`, written last and read first."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from tenants.archive.errors import ArchiveRefused
from tenants.archive.rows import Tally
from tenants.archive.tables import Table

FORMAT = 1  # raised when a reader of the former number could not read it
PRODUCT = "miosa 0.1.0"
NAME = "manifest.json"
MOST_BYTES = 1_000_000
SLUG = re.compile(r"^[a-zA-Z0-9_-]{1,48}$")
SHA256 = re.compile(r"^[0-9a-f]{64}$")
BROKEN = "The archive's manifest cannot be read: it was not made by `tenants export`, or was changed since."


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose archive it is; `created` as PostgreSQL writes it."""

    id: str
    slug: str
    name: str
    active: bool
    created: str


@dataclass(frozen=True, slots=True)
class File:
    """One table; `bytes` and `sha256` are of the unpacked lines, and `loaded` tells whether an import takes them."""

    name: str
    table: str
    columns: tuple[str, ...]
    loaded: bool
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`isolation` is where the rows lay when they were taken; `taken_at` is the snapshot's time, UTC."""

    format: int = FORMAT
    product: str = PRODUCT
    tenant: Identity
    isolation: str
    taken_at: str
    files: tuple[File, ...]

    @property
    def tenant_id(self) -> UUID:
        """The tenant's id."""
        return UUID(self.tenant.id)


def described(table: Table, tally: Tally) -> File:
    """Return the manifest's entry of a table that was written."""
    return File(table.file, table.name, table.columns, table.loaded, tally.rows, tally.size, tally.sha256)


def written(manifest: Manifest) -> bytes:
    """Return the manifest as indented JSON."""
    return (json.dumps(asdict(manifest), indent=1, ensure_ascii=False) + "\n").encode()


def read(text: bytes) -> Manifest:
    """Return the manifest. Raise ArchiveRefused where it is another format, incomplete or no manifest at all."""
    try:
        found = json.loads(text)
        if isinstance(found, dict) and found.get("format") != FORMAT:
            raise ArchiveRefused(
                f"The archive has format {str(found.get('format'))[:20]}, and this version reads format {FORMAT}: "
                "import it with the version that made it."
            )
        manifest = Manifest(
            **_only(found, Manifest)
            | {
                "tenant": Identity(**_only(found["tenant"], Identity)),
                "files": tuple(
                    File(**_only(one, File) | {"columns": tuple(one["columns"])}) for one in found["files"]
                ),
            }
        )
        _check(manifest)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ArchiveRefused(BROKEN) from error
    return manifest


def _only(found: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """Return the members, which must be exactly the fields of `kind`, each of a plain type."""
    fields = kind.__annotations__
    if set(found) != set(fields):
        raise ValueError(f"members of {kind.__name__}")
    for name, wanted in fields.items():
        if isinstance(wanted, type) and wanted in {str, int, bool} and type(found[name]) is not wanted:
            raise ValueError(name)
    return dict(found)


def _check(manifest: Manifest) -> None:
    tenant = manifest.tenant
    sound = (
        str(UUID(tenant.id)) == tenant.id
        and SLUG.match(tenant.slug)
        and len(tenant.name) <= 120  # noqa: PLR2004  the column's length
        and manifest.isolation in {"pool", "silo"}
        and all(SHA256.match(file.sha256) and min(file.rows, file.bytes) >= 0 for file in manifest.files)
        and all(isinstance(column, str) for file in manifest.files for column in file.columns)
    )
    if not sound:
        raise ValueError("values")
