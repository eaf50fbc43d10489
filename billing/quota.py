"""Reserve, then settle or release: each one statement, so that no concurrency overspends.

The only writer of Reservation and of a Budget's sums.
"""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, connections, transaction
from uuid_utils.compat import uuid7

from billing.errors import QuotaExceeded
from billing.models import Budget, Reservation
from billing.subscriptions import current_budget

LEASE_S = 3600

RESERVE = """
WITH granted AS (
  UPDATE billing_budget
  SET reserved_micros = reserved_micros + %(amount)s, executions_used = executions_used + %(executions)s
  WHERE id = %(budget)s AND spent_micros + reserved_micros + %(amount)s <= cap_micros
    AND (executions_cap IS NULL OR executions_used + %(executions)s <= executions_cap)
  RETURNING tenant_id, id)
INSERT INTO billing_reservation (id, tenant_id, reference, budget_id, amount_micros, state, lease_until, created)
SELECT %(id)s, tenant_id, %(reference)s, id, %(amount)s, 'held', now() + make_interval(secs => %(lease)s), now()
FROM granted RETURNING id"""

# Converges: a lease that ran out has given its money back already, and a sum charged before is taken off,
# so that a call which outlives its cancellation is charged by settling again.
CLOSE = """
WITH closed AS (
  UPDATE billing_reservation SET state = %(state)s, actual_micros = %(actual)s, closed = now()
  WHERE tenant_id = %(tenant)s AND reference = %(reference)s
  RETURNING budget_id, amount_micros, old.state AS was, coalesce(old.actual_micros, 0) AS charged)
UPDATE billing_budget b
SET spent_micros = b.spent_micros + %(actual)s - closed.charged,
    reserved_micros = b.reserved_micros - CASE WHEN closed.was = 'held' THEN closed.amount_micros ELSE 0 END
FROM closed WHERE b.id = closed.budget_id"""

SWEEP = """
WITH dead AS (
  UPDATE billing_reservation SET state = 'expired', closed = now()
  WHERE state = 'held' AND lease_until < now() RETURNING budget_id, amount_micros),
freed AS (SELECT budget_id, sum(amount_micros) AS amount, count(*) AS number FROM dead GROUP BY 1),
back AS (
  UPDATE billing_budget b SET reserved_micros = reserved_micros - freed.amount
  FROM freed WHERE b.id = freed.budget_id)
SELECT coalesce(sum(number), 0) FROM freed"""


def reserve(reference: str, amount_micros: int, *, executions: int = 0) -> Reservation:
    """Set money aside in the current tenant's budget of this month; the same reference again is the same reservation.

    Raises:
        QuotaExceeded: what is left does not cover it.
    """
    if amount_micros < 0 or executions < 0:
        raise ValueError("A reservation is never negative.")
    budget = current_budget()
    values: dict[str, Any] = {
        "id": uuid7(),
        "budget": budget.pk,
        "reference": reference,
        "amount": amount_micros,
        "executions": executions,
        "lease": LEASE_S,
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(RESERVE, values)
            granted = cursor.fetchone()
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
    with connections["platform"].cursor() as cursor:
        cursor.execute(SWEEP)
        return int(cursor.fetchone()[0])


def _close(reference: str, state: str, actual_micros: int) -> None:
    row = Reservation.objects.get(reference=reference)
    values: dict[str, Any] = {
        "tenant": row.tenant_id,
        "reference": reference,
        "state": state,
        "actual": actual_micros,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, values)


def _refusal(budget_id: UUID, wanted_micros: int) -> QuotaExceeded:
    budget = Budget.objects.get(pk=budget_id)
    cap = budget.executions_cap
    return QuotaExceeded(
        left_micros=budget.left_micros,
        wanted_micros=wanted_micros,
        executions_left=None if cap is None else cap - budget.executions_used,
    )
