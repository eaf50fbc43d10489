"""The ledger: every token, second and dollar, once; the only writer of LedgerEntry."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from billing.models import LedgerEntry


def post(
    meter: str,
    quantity: int,
    *,
    cost_micros: int,
    source: str,
    source_id: str,
    execution_id: UUID | None = None,
    model: str = "",
    agent: str = "",
    description: str = "",
    details: Mapping[str, Any] | None = None,
    occurred_at: datetime | None = None,
) -> LedgerEntry:
    """Write one entry of the current tenant; a cause that is already there is not counted again.

    `quantity` is in the meter's unit (tokens, executions, milliseconds), `cost_micros` in micro-dollars.
    """
    entry = LedgerEntry(
        meter=meter,
        quantity=quantity,
        cost_micros=cost_micros,
        source=source,
        source_id=source_id,
        execution_id=execution_id,
        model=model,
        agent=agent,
        description=description,
        details=dict(details or {}),
        created=occurred_at or timezone.now(),
    )
    LedgerEntry.objects.bulk_create([entry], ignore_conflicts=True)
    row: LedgerEntry = LedgerEntry.objects.get(source=source, source_id=source_id)
    return row


def spent_on(execution_id: UUID) -> int:
    """Return the micro-dollars charged for one execution so far."""
    total = LedgerEntry.objects.filter(execution_id=execution_id).aggregate(total=Sum("cost_micros"))["total"]
    return int(total or 0)
