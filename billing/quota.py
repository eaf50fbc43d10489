"""Reserve, then settle or release: each one statement, so that no concurrency overspends.

The only writer of Reservation and of a Budget's sums.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from uuid_utils.compat import uuid7

from billing import key_budgets
from billing.errors import QuotaExceeded
from billing.models import Budget, Reservation
from billing.subscriptions import current_budget
from tenants.delegation import Link
from tenants.places import in_each_place

LEASE_S = 3600

RESERVE = """
WITH granted AS (
  UPDATE billing_budget
  SET reserved_micros = reserved_micros + %(amount)s, executions_used = executions_used + %(executions)s
  WHERE id = %(budget)s AND spent_micros + reserved_micros + %(amount)s <= cap_micros
    AND (executions_cap IS NULL OR executions_used + %(executions)s <= executions_cap)
  RETURNING tenant_id, id)
INSERT INTO billing_reservation
  (id, tenant_id, reference, budget_id, key_ids, amount_micros, state, lease_until, created)
SELECT %(id)s, tenant_id, %(reference)s, id, %(keys)s::uuid[], %(amount)s, 'held', now() + make_interval(secs => %(lease)s), now()
FROM granted RETURNING id"""

# Converges: a lease that ran out has given its money back already, and a sum charged before is taken off,
# so that a call which outlives its cancellation is charged by settling again.
CLOSE = """
WITH closed AS (
  UPDATE billing_reservation SET state = %(state)s, actual_micros = %(actual)s, closed = now()
  WHERE tenant_id = %(tenant)s AND reference = %(reference)s
  RETURNING budget_id, key_ids, %(actual)s - coalesce(old.actual_micros, 0) AS spent,
    CASE WHEN old.state = 'held' THEN amount_micros ELSE 0 END AS freed)
UPDATE billing_budget b
SET spent_micros = b.spent_micros + closed.spent, reserved_micros = b.reserved_micros - closed.freed
FROM closed WHERE b.id = closed.budget_id RETURNING b.id, closed.key_ids, closed.spent, closed.freed"""

SWEEP = """
WITH dead AS (
  UPDATE billing_reservation SET state = 'expired', closed = now()
  WHERE state = 'held' AND lease_until < now() RETURNING budget_id, key_ids, amount_micros),
freed AS (SELECT budget_id, sum(amount_micros) AS amount, count(*) AS number FROM dead GROUP BY 1),
back AS (
  UPDATE billing_budget b SET reserved_micros = reserved_micros - freed.amount
  FROM freed WHERE b.id = freed.budget_id RETURNING b.id),
keys_freed AS (
  SELECT dead.budget_id, key_id, sum(amount_micros) AS amount
  FROM back JOIN dead ON dead.budget_id = back.id, unnest(dead.key_ids) AS key_id GROUP BY 1, 2),
keys_back AS (
  UPDATE billing_keybudget k SET reserved_micros = reserved_micros - keys_freed.amount
  FROM keys_freed WHERE k.budget_id = keys_freed.budget_id AND k.key_id = keys_freed.key_id)
SELECT coalesce(sum(number), 0) FROM freed"""


def reserve(
    reference: str, amount_micros: int, *, executions: int = 0, lineage: Sequence[Link] = ()
) -> Reservation:
    """Set money aside in the current tenant's budget of this month; the same reference again is the same reservation.

    `lineage`: the API key it is for and those it descends from; it counts for the budget of each.

    Raises:
        QuotaExceeded: what is left does not cover it.
        KeyBudgetExceeded: what is left of a key's own budget does not.
    """
    if amount_micros < 0 or executions < 0:
        raise ValueError("A reservation is never negative.")
    budget = current_budget()
    values: dict[str, Any] = {
        "id": uuid7(),
        "budget": budget.pk,
        "reference": reference,
        "keys": [link.key_id for link in lineage],
        "amount": amount_micros,
        "executions": executions,
        "lease": LEASE_S,
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(RESERVE, values)
            granted = cursor.fetchone()
            if granted and lineage:
                key_budgets.hold(budget.pk, lineage, amount_micros)
    except IntegrityError:
        granted = True  # the reference is taken: the reservation of an earlier attempt
    if not granted and not Reservation.objects.filter(reference=reference).exists():
        raise _refusal(budget.pk, amount_micros)
    row: Reservation = Reservation.objects.get(reference=reference)
    return row


def settle(reference: str, actual_micros: int) -> None:
    """Charge what was really used and free the rest; settling again charges the difference only."""
    _close(reference, "settled", actual_micros)


def release(reference: str) -> None:
    """Free a reservation that came to nothing."""
    _close(reference, "released", 0)


def extend(reference: str) -> None:
    """Prolong the lease of work that goes on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_reservation SET lease_until = now() + make_interval(secs => %s)"
            " WHERE reference = %s AND state = 'held'",
            [LEASE_S, reference],
        )


def sweep_expired() -> int:
    """Free the reservations of all tenants whose lease ran out, as the platform; return how many."""
    return sum(int(number) for (number,) in in_each_place(SWEEP))


def _close(reference: str, state: str, actual_micros: int) -> None:
    row = Reservation.objects.get(reference=reference)
    values: dict[str, Any] = {
        "tenant": row.tenant_id,
        "reference": reference,
        "state": state,
        "actual": actual_micros,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLOSE, values)
        for budget_id, keys, spent, freed in cursor.fetchall():
            if keys:
                key_budgets.close(budget_id, keys, spent_micros=spent, freed_micros=freed)


def _refusal(budget_id: UUID, wanted_micros: int) -> QuotaExceeded:
    budget = Budget.objects.get(pk=budget_id)
    cap = budget.executions_cap
    return QuotaExceeded(
        left_micros=budget.left_micros,
        wanted_micros=wanted_micros,
        executions_left=None if cap is None else cap - budget.executions_used,
    )
