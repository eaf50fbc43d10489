"""Rows that a job of the platform wrote where the tenant was, in a transaction older than its move."""

import time
from typing import Any

from django.db import connection, transaction
from django_tenants.utils import tenant_context

from miosa.pg.owner import as_owner
from tenants.models import Tenant
from tenants.moving.refusal import MoveRefused
from tenants.moving.rows import Way
from tenants.moving.switch import ways

LOOK_AGAIN_S = 0.05

# Who has written to one of the tables, or locked rows there, and has not ended yet.
WRITERS = """
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND granted AND mode IN ('RowShareLock', 'RowExclusiveLock') AND pid <> pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND relation = ANY(%s::regclass[]::oid[])"""


def sweep(tenant: Tenant, *, source: str, target: str, wait_s: float) -> int:
    """Bring over what is left at the source, until nobody is left who could have written there; return how many rows.

    Raises:
        MoveRefused: an older transaction goes on for longer than `wait_s`, or a row stands in both places.
    """
    with as_owner(), tenant_context(tenant):
        moving = _standing(ways(tenant.pk, source=source, target=target), source)
        older = _writers(moving)
        swept = _sweep(moving)
        deadline = time.monotonic() + wait_s
        while older & _writers(moving):
            if time.monotonic() > deadline:
                raise MoveRefused(
                    f"The tenant is in its new place, but a transaction that began before is still open after "
                    f"{wait_s:g} seconds and may have left rows in {source}: run this again later."
                )
            time.sleep(LOOK_AGAIN_S)
        return swept + _sweep(moving)


def _standing(moving: list[Way], source: str) -> list[Way]:
    """Leave out tables that are not there: a schema may have been half made when its making was broken off."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s)", [source])
        there = {name for (name,) in cursor.fetchall()}
    return [way for way in moving if way.table in there]


def _writers(moving: list[Way]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(WRITERS, [[way.at(way.source) for way in moving]])
        return {writer for (writer,) in cursor.fetchall()}


@transaction.atomic
def _sweep(moving: list[Way]) -> int:
    with connection.cursor() as cursor:
        left = [way for way in moving if way.left(cursor, way.source)]
        for way in left:
            way.copy(cursor, again=True)
        swept = sum(way.delete_copied(cursor) for way in reversed(left))
        _refuse_twins(cursor, left)
    return swept


def _refuse_twins(cursor: Any, left: list[Way]) -> None:
    for way in left:
        if number := way.left(cursor, way.source):
            raise MoveRefused(
                f"{number} rows of {way.source}.{way.table} stand in {way.target} too, and are not the same there; "
                f"those of {way.target} are in force. Delete the others, and run this again."
            )
