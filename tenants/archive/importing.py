"""Taking a tenant in: everything is checked before, one transaction writes it, and what was written is read back."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, Error, connection, transaction
from django_tenants.utils import tenant_context

from miosa.pg.owner import as_owner
from miosa.pg.platform import platform
from tenants import audit
from tenants.archive import reading
from tenants.archive.errors import ArchiveRefused
from tenants.archive.loading import load
from tenants.archive.manifest import SLUG, Identity
from tenants.archive.people import settle
from tenants.archive.reading import Archive
from tenants.archive.rows import spell
from tenants.archive.tables import HOSTS, PEOPLE, tables
from tenants.audit.imported import ARRIVAL, summed
from tenants.audit.verification import entries_of
from tenants.models import Domain, Tenant


@dataclass(frozen=True, slots=True)
class Imported:
    """What came: the tenant, its rows by table, how many people are new here, and what has to be made again."""

    tenant: Tenant
    rows: dict[str, int]
    new_people: int
    to_renew: dict[str, int]


def import_(path: Path, *, slug: str = "", actor: str = "system") -> Imported:
    """Bring the tenant of an archive into the shared tables, under `slug` where one is given.

    Raise ArchiveRefused where the archive is not whole, not of this version, or meets what is here, and OwnerUnknown
    where the owner's login is; nothing was changed then.
    """
    if slug and not SLUG.match(slug):
        raise ArchiveRefused(
            f"{slug[:60]!r} is no slug: use up to 48 letters, digits, hyphens and underscores."
        )
    with reading.opened(path) as archive:
        who = replace(archive.manifest.tenant, slug=slug or archive.manifest.tenant.slug)
        _refuse_taken(who)
        reading.check_rows(archive)
        try:
            imported = _taken_in(archive, who, actor)
        except Error as error:
            raise ArchiveRefused(
                f"The database refuses a row of the archive, and nothing was taken: {str(error).splitlines()[0]}"
            ) from error
        audit.record_platform(
            ARRIVAL, actor=actor, object_type="tenant", object_id=imported.tenant.pk,
            after=_facts(archive) | {"slug": who.slug, "people": imported.new_people},
        )  # fmt: skip
    return imported


def _taken_in(archive: Archive, who: Identity, actor: str) -> Imported:
    """Write and read back as the owner, whom the wall binds too: a row of anybody else would be refused."""
    tenant = Tenant(id=UUID(who.id), slug=who.slug, name=who.name, active=who.active)
    with as_owner(), tenant_context(tenant), transaction.atomic():
        spell(connection.connection)
        now = _register(tenant, who.created)
        _refuse_taken_hosts(archive)
        people, new_people = settle(archive)
        rows = {
            table.name: load(archive, table, people=people, now=now)
            for table in tables()
            if table.loaded and table is not PEOPLE
        }
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a row that refers to nothing is told here
        _record(archive, tenant, actor)
    to_renew = {file.table: file.rows for file in archive.manifest.files if not file.loaded}
    return Imported(tenant, rows, new_people, to_renew | {"tenants_apikey": rows["tenants_apikey"]})


def _register(tenant: Tenant, created: str) -> str:
    """Write the registry row as old as it is; return the time of this transaction, spelled like the archive."""
    tenant.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.tenants_tenant SET created = %s::timestamptz WHERE id = %s"
            " RETURNING transaction_timestamp()::text",
            [created, tenant.pk],
        )
        now = str(cursor.fetchone()[0])
    tenant.refresh_from_db()
    return now


def _refuse_taken(who: Identity) -> None:
    with platform():
        if Tenant.objects.filter(pk=who.id).exists():
            raise ArchiveRefused(
                f"The tenant {who.id} is here already: erase it first, or leave it as it is."
            )
        if Tenant.objects.filter(slug=who.slug).exists():
            raise ArchiveRefused(f"Another tenant has the slug {who.slug}: give a new one with --slug.")


def _refuse_taken_hosts(archive: Archive) -> None:
    for line in archive.lines(reading.file_of(archive.manifest, HOSTS)):
        name = (reading.parsed(line, HOSTS) or {})["domain"]
        if Domain.objects.filter(domain=name).exists():
            raise ArchiveRefused(
                f"The host name {name} is taken by another tenant: remove it there, then try again."
            )


def _record(archive: Archive, tenant: Tenant, actor: str) -> None:
    """Continue the tenant's log with what came: the entries before were signed where they were written."""
    came = summed(entries_of(tenant.pk, alias=DEFAULT_DB_ALIAS))
    audit.record(
        ARRIVAL, actor=actor, object_type="tenant", object_id=tenant.pk, after=_facts(archive) | came
    )


def _facts(archive: Archive) -> dict[str, Any]:
    return {"archive_sha256": archive.sha256, "taken_at": archive.manifest.taken_at}
