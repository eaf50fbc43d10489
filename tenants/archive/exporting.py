"""Taking a tenant out: one snapshot into one sealed file."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID
from zipfile import ZipFile

import psycopg
from django.db import DatabaseError
from django_tenants.utils import tenant_context

from tenants import audit
from tenants.archive import manifest, seal, writing
from tenants.archive.errors import ArchiveRefused
from tenants.archive.manifest import Manifest
from tenants.archive.rows import lines
from tenants.archive.snapshot import Snapshot, snapshot
from tenants.archive.tables import tables
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished archive; `sha256` is its seal."""

    manifest: Manifest
    sha256: str


def export(tenant: Tenant, path: Path, *, force: bool = False, actor: str = "system") -> Exported:
    """Write the tenant as it is now to `path`, readable by its owner alone, and record that in the tenant's log.

    Raise ArchiveRefused where that cannot be done; then nothing is left behind.
    """
    try:
        with writing.drafted(path, force=force) as file, snapshot(tenant) as taken:
            with writing.packed(file) as package:
                made = _packed(taken, package)
            sha256 = seal.on(file)
    except (psycopg.Error, DatabaseError) as error:
        raise ArchiveRefused(
            f"The tenant could not be read, and no archive was made: {str(error).splitlines()[0]}"
        ) from error
    with tenant_context(tenant):
        audit.record(
            "tenant.exported", actor=actor, object_type="tenant", object_id=tenant.pk,
            after={"archive_sha256": sha256, "rows": sum(file.rows for file in made.files)},
        )  # fmt: skip
    return Exported(made, sha256)


def _packed(taken: Snapshot, package: ZipFile) -> Manifest:
    tenant_id = UUID(taken.tenant.id)
    files = []
    for table in tables():
        tally = writing.add(package, table.file, lines(taken.connection, table, tenant_id))
        files.append(manifest.described(table, tally))
    made = Manifest(
        tenant=taken.tenant, isolation=taken.isolation, taken_at=taken.taken_at, files=tuple(files)
    )
    writing.add(package, manifest.NAME, [manifest.written(made)])
    return made
