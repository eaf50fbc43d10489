"""Reserve, then settle or release: each one statement, so that no concurrency overspends.

The only writer of Reservation and of a Budget's sums.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from billing import day_budgets, key_budgets
from billing.errors import QuotaExceeded, SubscriptionRestricted
from billing.models import CLOSED, BillingAccount, Budget, Reservation
from billing.subscriptions import current_budget, month_of
from tenants.delegation import Link
from tenants.owned import current_tenant_id
from tenants.places import in_each_place

LEASE_S = 3600
NO_CAPS: Mapping[UUID, int] = MappingProxyType({})
FIELDS = (
    "id", "budget_id", "key_ids", "amount_micros", "actual_micros", "state", "lease_until", "created", "closed",
)  # fmt: skip

# The functions are in the migrations: what is decided there is one statement here.
RESERVE = """
SELECT * FROM billing_reserve(%(tenant)s, %(month)s, %(reference)s, %(id)s, %(keys)s::uuid[], %(amount)s, %(executions)s,
  make_interval(secs => %(lease)s))"""
CLOSE = "SELECT billing_close(%s, %s, %s, %s)"

SWEEP = """
WITH dead AS (
  UPDATE billing_reservation SET state = 'expired', closed = now()
  WHERE state = 'held' AND lease_until < now() RETURNING tenant_id, budget_id, key_ids, day, day_holders, amount_micros),
days_freed AS (
  SELECT tenant_id, day, holder, sum(amount_micros) AS amount FROM dead, unnest(day_holders) AS holder GROUP BY 1, 2, 3),
days_back AS (
  UPDATE billing_daybudget d SET reserved_micros = d.reserved_micros - days_freed.amount FROM days_freed
  WHERE d.tenant_id = days_freed.tenant_id AND d.day = days_freed.day AND d.holder = days_freed.holder),
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
    reference: str,
    amount_micros: int,
    *,
    executions: int = 0,
    lineage: Sequence[Link] = (),
    lease_s: float = LEASE_S,
    day_caps: Mapping[UUID, int] = NO_CAPS,
) -> Reservation:
    """Set money aside in the current tenant's budget of this month; the same reference again is the same reservation.

    `day_caps`: what a key, or the tenant by its own id, may spend on this day, in micro-dollars.
    `lineage`: the API key it is for and those it descends from; it counts for the budget of each. After `lease_s`
    seconds it is freed, unless somebody closes or extends it before.

    Raises:
        QuotaExceeded: what is left does not cover it.
        KeyBudgetExceeded, DayBudgetExceeded: what is left of a key's own budget, or of a day's, does not.
        SubscriptionRestricted: the tenant has not paid.
    """
    if amount_micros < 0 or executions < 0:
        raise ValueError("A reservation is never negative.")
    asked = _Asked(reference, amount_micros, executions, tuple(lineage), lease_s, day_caps)
    row = _reserved(asked)
    if row is None:
        budget = current_budget()  # the first reservation of a month opens it
        row = _reserved(asked)
        if row is None:
            raise _refusal(budget.pk, amount_micros)
    return row


def settle(reference: str, actual_micros: int) -> None:
    """Charge what was really used and free the rest; settling again charges the difference only."""
    _close(reference, "settled", actual_micros)


def release(reference: str) -> None:
    """Free a reservation that came to nothing."""
    _close(reference, "released", 0)


def extend(reference: str, *, lease_s: float = LEASE_S) -> bool:
    """Prolong the lease of work that goes on; tell whether it is still held."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_reservation SET lease_until = now() + make_interval(secs => %s)"
            " WHERE reference = %s AND state = 'held'",
            [lease_s, reference],
        )
        return bool(cursor.rowcount)


def charge(amount_micros: int) -> None:
    """Charge what nothing was set aside for to the month's budget of the current tenant; negative gives back.

    It is charged even beyond the cap: it was used. What comes next is refused instead.
    """
    if amount_micros:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE billing_budget SET spent_micros = greatest(0, spent_micros + %s) WHERE id = %s",
                [amount_micros, current_budget().pk],
            )


def sweep_expired() -> int:
    """Free the reservations of all tenants whose lease ran out, as the platform; return how many."""
    return sum(int(number) for (number,) in in_each_place(SWEEP))


@dataclass(frozen=True, slots=True)
class _Asked:
    reference: str
    amount_micros: int
    executions: int
    lineage: tuple[Link, ...]
    lease_s: float
    day_caps: Mapping[UUID, int]

    def values(self) -> dict[str, Any]:
        return {
            "id": uuid7(),
            "tenant": current_tenant_id(),
            "month": month_of(timezone.now()),
            "reference": self.reference,
            "keys": [link.key_id for link in self.lineage],
            "amount": self.amount_micros,
            "executions": self.executions,
            "lease": self.lease_s,
        }


def _reserved(asked: _Asked) -> Reservation | None:
    """Return the reservation, new or of an earlier attempt; None where nothing was granted."""
    more = asked.lineage or asked.day_caps
    alone = not more and not connection.in_atomic_block  # one statement needs no more around it
    try:
        with nullcontext() if alone else transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(RESERVE, asked.values())
            found = cursor.fetchone()
            if found is None:
                return None
            row = Reservation(**dict(zip(FIELDS, found[1:], strict=True)), reference=asked.reference)
            if found[0] and asked.lineage:
                key_budgets.hold(row.budget_id, asked.lineage, asked.amount_micros)
            if found[0] and asked.day_caps:
                day = timezone.now().date()
                day_budgets.hold(row.pk, asked.day_caps, asked.amount_micros, day=day)
    except IntegrityError:  # the same reference was reserved in this very moment
        row = Reservation.objects.get(reference=asked.reference)
    return row


def _close(reference: str, state: str, actual_micros: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, [current_tenant_id(), reference, state, actual_micros])
        if not cursor.fetchone()[0]:
            raise Reservation.DoesNotExist(f"Nothing was reserved for {reference}.")


def _refusal(budget_id: UUID, wanted_micros: int) -> QuotaExceeded | SubscriptionRestricted:
    standing = BillingAccount.objects.filter(standing__in=CLOSED).values_list("standing", flat=True).first()
    if standing is not None:
        return SubscriptionRestricted(standing)
    budget = Budget.objects.get(pk=budget_id)
    cap = budget.executions_cap
    return QuotaExceeded(
        left_micros=budget.left_micros,
        wanted_micros=wanted_micros,
        executions_left=None if cap is None else cap - budget.executions_used,
    )
