"""What each key has spent and set aside; KeyBudget is written here, and by the statements of `quota` that close.

Whoever writes here holds the lock of the tenant's own budget already (its row is changed first, in the same
transaction): so sums are exact whatever happens at once, and no two wait for each other.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from billing.errors import KeyBudgetExceeded
from billing.models import KeyBudget
from billing.subscriptions import month_of
from tenants.delegation import Link

OPEN = """
INSERT INTO billing_keybudget (id, tenant_id, budget_id, key_id, spent_micros, reserved_micros)
SELECT fresh.id, b.tenant_id, b.id, fresh.key_id, 0, 0
FROM billing_budget b, unnest(%(ids)s::uuid[], %(keys)s::uuid[]) AS fresh (id, key_id) WHERE b.id = %(budget)s
ON CONFLICT (tenant_id, budget_id, key_id) DO NOTHING"""

HOLD = """
UPDATE billing_keybudget k SET reserved_micros = k.reserved_micros + %(amount)s
FROM unnest(%(keys)s::uuid[], %(caps)s::bigint[]) AS capped (key_id, cap)
WHERE k.budget_id = %(budget)s AND k.key_id = capped.key_id
  AND (capped.cap IS NULL OR k.spent_micros + k.reserved_micros + %(amount)s <= capped.cap)
RETURNING k.key_id"""


def hold(budget_id: UUID, lineage: Sequence[Link], amount_micros: int) -> None:
    """Set money aside for a key and for every key it descends from.

    Raises:
        KeyBudgetExceeded: one of them has too little left; the caller rolls back.
    """
    keys = [link.key_id for link in lineage]
    caps = [link.budget_micros for link in lineage]
    values: dict[str, Any] = {"budget": budget_id, "keys": keys, "caps": caps, "amount": amount_micros}
    with connection.cursor() as cursor:
        cursor.execute(OPEN, values | {"ids": [uuid7() for _ in keys]})
        cursor.execute(HOLD, values)
        held = {key_id for (key_id,) in cursor.fetchall()}
    short = next((link for link in lineage if link.key_id not in held), None)
    if short is not None:
        row = KeyBudget.objects.get(budget_id=budget_id, key_id=short.key_id)
        cap = short.budget_micros or 0
        raise KeyBudgetExceeded(
            cap_micros=cap,
            left_micros=cap - row.spent_micros - row.reserved_micros,
            wanted_micros=amount_micros,
            inherited=short is not lineage[0],
        )


def spending_of(key_id: UUID) -> dict[str, int]:
    """Return what a key of the current tenant has spent and set aside this month, in micro-dollars."""
    month = month_of(timezone.now())
    row: KeyBudget | None = KeyBudget.objects.filter(budget__month=month, key_id=key_id).first()
    return {
        "spent_micros": row.spent_micros if row else 0,
        "reserved_micros": row.reserved_micros if row else 0,
    }
