"""Keeps the materialised views fresh, and tells how fresh they are."""

from datetime import datetime

from django.db import connections, transaction

from miosa.pg.materialized_view import ALL_TENANTS, SCHEMA

LOCK = 0x53544154  # "STAT": one refresh at a time, whoever starts it


def refresh() -> list[str]:
    """Refresh every view as the platform, while readers go on; return their names, none if another refresh runs."""
    with transaction.atomic(using="platform"), connections["platform"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(f"SELECT view FROM {SCHEMA}.refreshed ORDER BY view")
        views = [view for (view,) in cursor.fetchall()]
        for view in views:
            cursor.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {SCHEMA}.{view}{ALL_TENANTS}")
        cursor.execute(f"UPDATE {SCHEMA}.refreshed SET at = now()")
    return views


def as_of(view: str = "") -> datetime | None:
    """Return when the view, or the oldest of all, was refreshed last; None where there is none."""
    with connections["platform"].cursor() as cursor:
        cursor.execute(f"SELECT min(at) FROM {SCHEMA}.refreshed WHERE %s IN ('', view)", [view])
        found: datetime | None = cursor.fetchone()[0]
    return found
