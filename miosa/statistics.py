"""Keeps the materialised views fresh and over everybody's rows, and tells how fresh they are."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connections, transaction

from miosa.pg import rebuilt_view
from miosa.pg.materialized_view import ALL_TENANTS, SCHEMA
from miosa.pg.patience import take_time
from miosa.pg.rebuilt_view import LOCK

REFRESH_LIMIT_S = 900


def refresh() -> list[str]:
    """Refresh every view as the platform, while readers go on; return their names, none if another refresh runs."""
    with transaction.atomic(using="platform"), connections["platform"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return []
        take_time(REFRESH_LIMIT_S, using="platform")
        cursor.execute(f"SELECT view FROM {SCHEMA}.refreshed ORDER BY view")
        views = [view for (view,) in cursor.fetchall()]
        for view in views:
            cursor.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {SCHEMA}.{view}{ALL_TENANTS}")
        cursor.execute(f"UPDATE {SCHEMA}.refreshed SET at = now()")
    return views


def rebuild(*, besides: Sequence[str] = ()) -> list[str]:
    """Let every view look at the shared tables and at each tenant's own schema; return the names of those changed."""
    return rebuilt_view.rebuild(connections["platform"], besides=besides)


def as_of(view: str = "") -> datetime | None:
    """Return when the view, or the oldest of all, was refreshed last; None where there is none."""
    with connections["platform"].cursor() as cursor:
        cursor.execute(f"SELECT min(at) FROM {SCHEMA}.refreshed WHERE %s IN ('', view)", [view])
        found: datetime | None = cursor.fetchone()[0]
    return found
