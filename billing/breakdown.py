"""What was used, sorted by one property of it: by day, meter, model, agent, key, execution, and what other apps add.

Every row is a sum of ledger entries, and the same filter lists those entries.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from typing import Any

from django.db import connections, router

from billing.models import MONEY_ONLY, LedgerEntry
from miosa.pg.replica import may_lag
from tenants.owned import current_tenant_id

MOST_ROWS = 10_000
LONGEST = timedelta(days=366)
COLUMNS = ("value", "label", "cost_micros", "tokens", "entries")
RISKY = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would take what begins so for a formula


@dataclass(frozen=True, slots=True)
class Dimension:
    """SQL over the entry `e`: the property's `value`, a `label` for people, and the `joins` that both need."""

    value: str
    label: str = "''"
    joins: str = ""
    in_order: bool = False  # of its values, instead of what they cost


KEY = """LEFT JOIN billing_reservation r ON r.tenant_id = e.tenant_id AND r.reference = 'execution:' || e.execution_id
  LEFT JOIN tenants_apikey k ON k.tenant_id = e.tenant_id AND k.id = coalesce(r.key_ids[1], (e.details->>'key_id')::uuid)"""
DIMENSIONS: dict[str, Dimension] = {
    "day": Dimension("(e.created AT TIME ZONE 'UTC')::date::text", in_order=True),
    "meter": Dimension("e.meter"),
    "model": Dimension("e.model"),
    "agent": Dimension("e.agent"),
    "key": Dimension("coalesce(r.key_ids[1]::text, e.details->>'key_id', '')", "coalesce(k.name, '')", KEY),
    "execution": Dimension("coalesce(e.execution_id::text, '')"),
}

BROKEN_DOWN = """
SELECT value, max(label), sum(cost_micros)::bigint, sum(tokens)::bigint, count(*)
FROM (
  SELECT {value} AS value, {label} AS label, e.cost_micros, CASE WHEN e.meter = 'tokens' THEN e.quantity ELSE 0 END AS tokens
  FROM billing_ledgerentry e {joins}
  WHERE e.tenant_id = %(tenant)s AND e.created >= %(begin)s AND e.created < %(end)s AND NOT e.meter = ANY (%(money)s)) u
GROUP BY value ORDER BY {order} LIMIT %(most)s"""


def register(name: str, dimension: Dimension) -> None:
    """Add a property that an app above knows of."""
    DIMENSIONS[name] = dimension


@may_lag
def broken_down(by: str, *, begin: date, end: date) -> list[Mapping[str, Any]]:
    """Return the current tenant's use from `begin` up to, and not in, `end` (UTC), by one of DIMENSIONS.

    The most expensive first (days in their order); at most MOST_ROWS rows. Raises KeyError for an unknown dimension.
    """
    one = DIMENSIONS[by]
    values = {
        "tenant": current_tenant_id(),
        "begin": datetime.combine(begin, time(), tzinfo=UTC),
        "end": datetime.combine(end, time(), tzinfo=UTC),
        "money": [str(meter) for meter in MONEY_ONLY],
        "most": MOST_ROWS,
    }
    order = "value" if one.in_order else "3 DESC, value"
    query = BROKEN_DOWN.format(value=one.value, label=one.label, joins=one.joins, order=order)
    with connections[router.db_for_read(LedgerEntry) or "default"].cursor() as cursor:
        cursor.execute(query, values)
        return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def written(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as CSV (RFC 4180)."""
    out = StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    table.writerows([_harmless(row[name]) for name in COLUMNS] for row in rows)
    return out.getvalue()


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(RISKY) else cell
