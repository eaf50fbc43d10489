"""The one transaction that moves a tenant: nobody else is in the tenant, and either all of it happens or nothing.

While it runs, whoever enters the tenant is refused at once and asks again (`miosa.pg.tenant_entry`). Other tenants
notice nothing: only rows are locked, and only this tenant's.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django_tenants.utils import tenant_context

from miosa.pg.owner import as_owner
from miosa.pg.tenant_entry import LOCKS
from tenants import audit
from tenants.models import Tenant
from tenants.moving.refusal import MoveRefused
from tenants.moving.rows import Way
from tenants.moving.tables import tables

Say = Callable[[str], None]


def ways(tenant_id: UUID, *, source: str, target: str) -> list[Way]:
    """Return what there is to move, parents before children."""
    return [Way(model._meta.db_table, tenant_id, source, target) for model in tables()]


def switch(tenant: Tenant, to: str, *, source: str, target: str, wait_s: float, say: Say) -> None:
    """Move every row and put the new place in force (`to` is an Isolation).

    Raises:
        MoveRefused: the copy is not equal, or the target is not empty.
        django.db.Error: the database refused; nothing was moved.
    """
    moving = ways(tenant.pk, source=source, target=target)
    with (
        as_owner(),
        tenant_context(tenant),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        _freeze(cursor, tenant, wait_s)
        for way in moving:
            _copy(cursor, way)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        counts = {way: _compared(cursor, way, say) for way in moving}
        for way in reversed(moving):  # children first: nothing is deleted by a key's ON DELETE
            if way.delete_copied(cursor) != counts[way]:
                raise MoveRefused(f"Rows of {way.table} changed while they were moved: run this again.")
        _put_in_force(cursor, tenant, to)


def _freeze(cursor: Any, tenant: Tenant, wait_s: float) -> None:
    """Let nobody into the tenant from now on, and wait until who is inside has left."""
    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{max(1, round(wait_s * 1000))}ms"])
    cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCKS, str(tenant.pk)])


def _copy(cursor: Any, way: Way) -> None:
    if way.left(cursor, way.target):
        raise MoveRefused(f"{way.target}.{way.table} has rows of this tenant already: run this again.")
    way.copy(cursor)


def _compared(cursor: Any, way: Way, say: Say) -> int:
    there, here = way.measured(cursor)
    if there != here:
        raise MoveRefused(
            f"The copy of {way.table} is not equal ({there} before, {here} after). Nothing was moved."
        )
    say(f"  {way.table:<24} {here}")
    return here.rows


def _put_in_force(cursor: Any, tenant: Tenant, to: str) -> None:
    cursor.execute(
        "UPDATE public.tenants_tenant SET isolation = %s WHERE id = %s AND isolation = %s",
        [to, tenant.pk, tenant.isolation],
    )
    if cursor.rowcount != 1:
        raise MoveRefused("The tenant was moved meanwhile. Nothing was moved now.")
    audit.record(
        "tenant.moved",
        actor="system",
        object_type="tenant",
        object_id=tenant.pk,
        before={"isolation": tenant.isolation},
        after={"isolation": to},
    )
