"""The read side of billing: what was used, by what, and what is left."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from billing.currencies import format_minor
from billing.forecast import MOST_DAYS, forecast
from billing.models import MONEY_ONLY, Budget, LedgerEntry, Meter
from billing.plans import LIMITS, Plan
from billing.price_list import plans_at
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
        "forecast": _forecast(budget),
        "meters": _meters(plan, budget.month),
        **_use_since(budget.month),
    }


@may_lag
def _forecast(budget: Budget) -> dict[str, Any]:
    """What the month will have cost: from the whole days since the first use, at most four weeks of them."""
    today = timezone.now().date()
    begin = datetime.combine(today - timedelta(days=MOST_DAYS), datetime.min.time(), tzinfo=UTC)
    rows = LedgerEntry.objects.filter(created__gte=begin).annotate(day=TruncDate("created", tzinfo=UTC))
    days = dict(rows.values("day").annotate(cost=Sum("cost_micros")).values_list("day", "cost"))
    first = min(days, default=today)
    before = [days.get(first + timedelta(days=number), 0) for number in range((today - first).days)]
    return asdict(
        forecast(before, spent_micros=budget.spent_micros, spent_today=days.get(today, 0), today=today)
    )


def offered_plans() -> list[dict[str, Any]]:
    """Return the plans that the current tenant may choose and the one it is on, by allowance, with what was agreed."""
    mine = current_plan()
    offered = [plan for plan in plans_at().values() if plan.offered and plan.slug != mine.slug]
    return [_plan(plan, mine) for plan in sorted([mine, *offered], key=lambda plan: plan.allowance_micros)]


def _plan(plan: Plan, mine: Plan) -> dict[str, Any]:
    return {
        "slug": plan.slug,
        "name": plan.name,
        "current": plan is mine,
        "trial_days": plan.trial_days,
        "prices": [
            {
                "currency": currency,
                "interval": interval,
                "amount_minor": amount,
                "amount": format_minor(amount, currency),
            }
            for (currency, interval), amount in sorted(plan.prices.items())
        ],
        "limits": {name: getattr(plan, name) for name in LIMITS},
        "sandbox_hosts": list(plan.sandbox_hosts),
    }


# Meter: its name and unit for people, and the plan's own unit in the meter's.
ALLOWED = {
    Meter.SANDBOX_MS: ("sandbox_minutes", 60_000),
    Meter.HOSTING_S: ("hosting_hours", 3_600),
    Meter.EGRESS_BYTES: ("egress_gb", 1_000_000_000),
}


@may_lag
def _meters(plan: Plan, day: date) -> list[dict[str, Any]]:
    """Return what was used this month of each meter, and what the plan allows, in the meter's unit."""
    begin = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
    rows = LedgerEntry.objects.filter(created__gte=begin).exclude(meter__in=MONEY_ONLY).values("meter")
    used = {row["meter"]: row for row in rows.annotate(used=Sum("quantity"), cost_micros=Sum("cost_micros"))}
    return [_meter(meter, used.get(meter, {}), plan) for meter in Meter if meter in used or meter in ALLOWED]


def _meter(meter: Meter, row: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    name, unit = ALLOWED.get(meter, ("", 1))
    limit = getattr(plan, name) if name else None
    return {
        "meter": meter.value,
        "used": row.get("used", 0),
        "allowed": None if limit is None else limit * unit,
        "cost_micros": row.get("cost_micros", 0),
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
