"""One moment of one tenant: a transaction of its own that sees nothing of what is written meanwhile."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection, transaction
from django_tenants.utils import tenant_context
from psycopg import Connection, sql

from tenants.archive.manifest import Identity
from tenants.archive.rows import spell
from tenants.archive.tables import tables
from tenants.models import Tenant

BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# The login's own limits are made for requests; here a slow disk may keep the database waiting for us.
UNLIMITED = ("statement_timeout", "idle_in_transaction_session_timeout")
# to_json writes a time like 2026-01-01T00:00:00; as text it is what a column of the archive would hold.
WHO = """
SELECT json_build_object('id', id, 'slug', slug, 'name', name, 'active', active, 'created', created::text)::text,
  isolation, to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
FROM public.tenants_tenant WHERE id = %s"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What to read, and on which connection; `taken_at` is in UTC."""

    connection: Connection
    tenant: Identity
    isolation: str
    taken_at: str


@contextmanager
def snapshot(tenant: Tenant) -> Iterator[Snapshot]:
    """Open the tenant's tables as they are now, behind the tenant's own wall, until the block ends.

    The tenant cannot move meanwhile, and a migration of its tables waits. Raises psycopg.Error.
    """
    with psycopg.connect(**_parameters(), autocommit=True) as reader:
        # Held here first: the snapshot must not be older than the end of a move, or it would look in the wrong place.
        with tenant_context(tenant), transaction.atomic():
            reader.execute(BEGIN)
            reader.execute("SELECT public.enter_tenant(%s)", [tenant.pk])
        for limit in UNLIMITED:
            reader.execute("SELECT set_config(%s, '0', true)", [limit])
        spell(reader)
        names = sql.SQL(", ").join(sql.Identifier(table.name) for table in tables())
        reader.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))
        row = reader.execute(WHO, [tenant.pk]).fetchone()
        if row is None:
            raise Tenant.DoesNotExist(f"There is no tenant {tenant.slug} any more.")
        yield Snapshot(reader, Identity(**json.loads(row[0])), row[1], row[2])
        reader.execute("ROLLBACK")


def _parameters() -> dict[str, Any]:
    """Return how the application's own login connects; the pool is for those who come and go."""
    found: dict[str, Any] = connection.get_connection_params()
    return found
