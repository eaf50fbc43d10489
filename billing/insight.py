"""The read side of billing: what was used, by what, and what is left."""

from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate

from billing.models import LedgerEntry
from billing.subscriptions import current_budget, current_plan
from miosa.pg.replica import may_lag


def usage() -> dict[str, Any]:
    """Return the current tenant's month: plan, budget, and its use by day, model and agent."""
    budget, plan = current_budget(), current_plan()
    return {
        "month": budget.month,
        "plan": plan.slug,
        "allowance_micros": budget.cap_micros,
        "spent_micros": budget.spent_micros,
        "reserved_micros": budget.reserved_micros,
        "left_micros": budget.left_micros,
        "executions_allowed": budget.executions_cap,
        "executions_used": budget.executions_used,
        **_use_since(budget.month),
    }


@may_lag
def _use_since(day: date) -> dict[str, Any]:
    entries = LedgerEntry.objects.filter(created__gte=datetime.combine(day, datetime.min.time(), tzinfo=UTC))
    return {
        "by_day": _grouped(entries.annotate(day=TruncDate("created")), "day"),
        "by_model": _grouped(entries.exclude(model=""), "model"),
        "by_agent": _grouped(entries.exclude(agent=""), "agent"),
    }


def _grouped(entries: QuerySet[LedgerEntry], column: str) -> list[dict[str, Any]]:
    rows = entries.filter(meter="tokens").values(column)
    return list(
        rows.annotate(tokens=Sum("quantity"), cost_micros=Sum("cost_micros"), calls=Count("id")).order_by(
            column
        )
    )
