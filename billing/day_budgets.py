"""What keys and tenants have set aside on a day; DayBudget is written here, and by the statements of `quota` that close.

As with the budgets of keys, whoever writes here holds the lock of the tenant's budget of the month already.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from uuid_utils.compat import uuid7

from billing.errors import DayBudgetExceeded
from billing.models import DayBudget
from tenants.owned import current_tenant_id

OPEN = """
INSERT INTO billing_daybudget (id, tenant_id, day, holder, spent_micros, reserved_micros)
SELECT fresh.id, %(tenant)s, %(day)s, fresh.holder, 0, 0 FROM unnest(%(ids)s::uuid[], %(holders)s::uuid[]) AS fresh (id, holder)
ON CONFLICT (tenant_id, day, holder) DO NOTHING"""

HOLD = """
UPDATE billing_daybudget d SET reserved_micros = d.reserved_micros + %(amount)s
FROM unnest(%(holders)s::uuid[], %(caps)s::bigint[]) AS capped (holder, cap)
WHERE d.tenant_id = %(tenant)s AND d.day = %(day)s AND d.holder = capped.holder
  AND d.spent_micros + d.reserved_micros + %(amount)s <= capped.cap
RETURNING d.holder"""

REMEMBER = """
UPDATE billing_reservation SET day = %(day)s, day_holders = %(holders)s::uuid[]
WHERE tenant_id = %(tenant)s AND id = %(reservation)s"""


def hold(reservation_id: UUID, caps: Mapping[UUID, int], amount_micros: int, *, day: date) -> None:
    """Set money aside in the day of each holder that has a cap.

    Raises:
        DayBudgetExceeded: one of them has too little left; the caller rolls back.
    """
    values: dict[str, Any] = {
        "tenant": current_tenant_id(), "day": day, "holders": list(caps), "caps": list(caps.values()),
        "amount": amount_micros, "ids": [uuid7() for _ in caps], "reservation": reservation_id,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(OPEN, values)
        cursor.execute(HOLD, values)
        held = {holder for (holder,) in cursor.fetchall()}
        cursor.execute(REMEMBER, values)
    short = next((holder for holder in caps if holder not in held), None)
    if short is not None:
        row = DayBudget.objects.get(day=day, holder=short)
        raise DayBudgetExceeded(
            cap_micros=caps[short],
            left_micros=caps[short] - row.spent_micros - row.reserved_micros,
            wanted_micros=amount_micros,
            whose="this tenant" if short == current_tenant_id() else "this API key",
        )
