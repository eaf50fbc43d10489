"""The ledger as the rest of the product writes and reads it: every token, second and dollar, once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from billing import quota
from billing.books import charging, reversing
from billing.books.facts import Fact, Tokens
from billing.models import LedgerEntry, Reservation
from billing.subscriptions import current_budget
from tenants import audit

SPENT = "SELECT coalesce(sum(cost_micros), 0) FROM billing_ledgerentry WHERE execution_id "

__all__ = ["Fact", "Tokens", "post", "post_all", "reverse", "spent_on"]


def post(
    meter: str,
    quantity: int,
    *,
    cost_micros: int,
    source: str,
    source_id: str,
    tokens: Tokens | None = None,
    execution_id: UUID | None = None,
    model: str = "",
    agent: str = "",
    description: str = "",
    details: Mapping[str, Any] | None = None,
    occurred_at: datetime | None = None,
    reserved: bool = True,
) -> None:
    """Write one fact of the current tenant; see `Fact` and `post_all`."""
    fact = Fact(
        meter,
        quantity,
        cost_micros,
        source,
        source_id,
        tokens=tokens,
        execution_id=execution_id,
        model=model,
        agent=agent,
        description=description,
        details=details or {},
        occurred_at=occurred_at,
    )
    post_all([fact], reserved=reserved)


def post_all(facts: Sequence[Fact], *, reserved: bool = True) -> dict[UUID, int]:
    """Write facts of the current tenant in one statement; return what the new ones cost, by entry.

    A cause that is there already is not counted again. `reserved` False: nothing was set aside for them, so that they
    are charged to the month's budget here.
    """
    if not facts:
        return {}
    if any(fact.cost_micros for fact in facts):
        current_budget()  # opens the month, whose allowance pays first
    if reserved:
        return charging.charge(facts)
    with transaction.atomic():
        fresh = charging.charge(facts)
        quota.charge(sum(fresh.values()))
    return fresh


def reverse(entry_id: UUID, *, why: str) -> LedgerEntry:
    """Take an entry of the current tenant back, grants and budget included; the audit log says who did it.

    Raises:
        NotFound: there is no such entry.
        Conflict: it was taken back before, is a reversal itself, or only moves credit.
    """
    with transaction.atomic():
        row = reversing.reverse(entry_id, why=why)
        reference = f"execution:{row.execution_id}"
        if Reservation.objects.filter(reference=reference, state="settled").exists():
            quota.settle(reference, spent_on(row.execution_id))
        else:
            quota.charge(row.cost_micros)
        audit.record(
            "ledger.reversed",
            actor=audit.current_actor(),
            object_type="ledger_entry",
            object_id=str(entry_id),
            after={"entry": str(row.pk), "cost_micros": row.cost_micros, "why": why},
        )
    return row


def spent_on(execution_id: UUID | None) -> int:
    """Return the micro-dollars charged for one execution so far; None: for what belongs to none."""
    with connection.cursor() as cursor:
        cursor.execute(
            SPENT + ("= %s" if execution_id else "IS NULL"), [execution_id] if execution_id else None
        )
        return int(cursor.fetchone()[0])
