"""Schemas of tenants in tests: made by the product's own move, and gone without a trace afterwards."""

from typing import Any

from django.db import connections

from miosa.pg.owner import as_owner
from miosa.pg.rebuilt_view import rebuild

THERE = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%%' ORDER BY 1"


def open_silo(tenant: Any) -> Any:
    """Give a committed tenant a schema of its own; return the tenant as the registry has it then."""
    from miosa.pg.platform import platform
    from tenants.moving.move import silo

    silo(tenant.slug, wait_s=10, say=lambda _line: None)
    with platform():
        return type(tenant).objects.get(pk=tenant.pk)


def schemas() -> list[str]:
    """Return the names of all tenants' schemas that exist."""
    with as_owner() as connection, connection.cursor() as cursor:
        cursor.execute(THERE, [])
        return [name for (name,) in cursor.fetchall()]


def drop_silos() -> None:
    """Drop every tenant's schema with what is in it: the shared tables can be emptied again."""
    if not (there := schemas()):
        return
    with as_owner() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE public.tenants_tenant SET isolation = 'pool'")
        rebuild(connections["platform"])
        for name in there:
            cursor.execute(f'DROP SCHEMA "{name}" CASCADE')
