"""The read side of the dashboard and the statistics' pages: live counts of recent days, and sums of the views."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, FloatField, Max, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, NullIf, TruncDate
from django.utils import timezone

from agents.models import Execution, Step
from miosa.models import AgentPerformance, ModelPerformance, SpendByDay
from miosa.pg.replica import may_lag
from routing.models import Outcome

DAYS = 14
Trends = Mapping[Hashable, list[float | None]]


def recent_days(count: int = DAYS) -> list[date]:
    """Return the last days, today (UTC) at the end."""
    today = timezone.now().astimezone(UTC).date()
    return [today - timedelta(days=back) for back in reversed(range(count))]


@may_lag
def executions_by_day(tenant_id: UUID | None = None) -> dict[date, dict[str, int]]:
    """Return how many executions were begun on each recent day, by state; live."""
    found: dict[date, dict[str, int]] = {day: {} for day in recent_days()}
    rows = _of(tenant_id, _recent(Execution.objects.all(), "created"))
    for row in (
        rows.annotate(day=TruncDate("created", tzinfo=UTC)).values("day", "state").annotate(n=Count("id"))
    ):
        found.setdefault(row["day"], {})[row["state"]] = row["n"]
    return found


@may_lag
def mean_confidence(tenant_id: UUID | None = None) -> float | None:
    """Return the mean confidence of recent executions, 0 to 10; live."""
    rows = _of(tenant_id, _recent(Execution.objects.all(), "created"))
    found = rows.aggregate(mean=Avg("confidence"))["mean"]
    return None if found is None else float(found)


def latest_executions(tenant_id: UUID | None = None, *, limit: int = 8) -> QuerySet[Execution]:
    """Return the newest executions with their tenants."""
    rows = (
        _of(tenant_id, Execution.objects.all()).select_related("tenant").defer("output", "data", "parameters")
    )
    return rows.order_by("-created")[:limit]


@may_lag
def spend_by_day(tenant_id: UUID | None = None) -> dict[date, int]:
    """Return micro-dollars of each recent day, from the view."""
    days = recent_days()
    rows = (
        _of(tenant_id, SpendByDay.objects.filter(day__gte=days[0]))
        .values("day")
        .annotate(sum=Sum("cost_micros"))
    )
    found = {row["day"]: int(row["sum"]) for row in rows}
    return {day: found.get(day, 0) for day in days}


@may_lag
def month_use(tenant_id: UUID | None = None) -> tuple[int, int]:
    """Return micro-dollars and tokens of this month, from the view."""
    month = recent_days(1)[0].replace(day=1)
    rows = _of(tenant_id, SpendByDay.objects.filter(day__gte=month))
    sums = rows.aggregate(cost=Sum("cost_micros"), tokens=Sum("tokens"))
    return int(sums["cost"] or 0), int(sums["tokens"] or 0)


@may_lag
def models(tenant_id: UUID | None = None) -> list[dict[str, Any]]:
    """Return each model's judged requests and successes over all kinds of task, the most asked first; from the view."""
    rows = _of(tenant_id, ModelPerformance.objects.all()).values("model")
    sums = rows.annotate(judged=Sum("requests"), good=Sum("successes"), asked=Sum("calls"))
    return list(sums.order_by("-judged", "-asked", "model"))


@may_lag
def agents(tenant_id: UUID | None = None) -> dict[str, dict[str, Any]]:
    """Return each agent's standing over tenants, by kind; a mean counts each tenant as often as it has results."""
    rows = _of(tenant_id, AgentPerformance.objects.all()).values("agent")
    sums = rows.annotate(
        steps=Sum("total"),
        good=Sum("successes"),
        confidence=_weighted("mean_confidence"),
        ms=_weighted("mean_ms"),
        last=Max("last_finished"),
    )
    return {row["agent"]: row for row in sums.order_by("agent")}


@may_lag
def confidence_trends() -> Trends:
    """Return the mean confidence of each recent day, by tenant and agent; a day without results is None."""
    rows = _recent(Step.objects.exclude(confidence=None), "finished").annotate(
        day=TruncDate("finished", tzinfo=UTC)
    )
    days = rows.values("tenant_id", "agent", "day").annotate(value=Avg("confidence"))
    return _series(((row["tenant_id"], row["agent"]), row["day"], row["value"]) for row in days)


@may_lag
def success_trends() -> Trends:
    """Return the success rate of each recent day, 0 to 1, by tenant, model and kind of task.

    A decision counts on its own day, whenever its outcome was corrected.
    """
    moment = "decision__created"
    rows = _recent(Outcome.objects.all(), moment).annotate(day=TruncDate(moment, tzinfo=UTC))
    good, asked = Cast(Sum("credit"), FloatField()), NullIf(Cast(Sum("counts"), FloatField()), Value(0.0))
    days = rows.values("tenant_id", "model", "task_kind", "day").annotate(value=good / asked)
    return _series(
        ((row["tenant_id"], row["model"], row["task_kind"]), row["day"], row["value"]) for row in days
    )


def _weighted(mean: str) -> Any:
    weight = Cast("total", FloatField())
    return Sum(F(mean) * weight) / Sum(weight, filter=Q(**{f"{mean}__isnull": False}))


def _series(points: Iterable[tuple[Hashable, date, Any]]) -> Trends:
    place = {day: number for number, day in enumerate(recent_days())}
    found: dict[Hashable, list[float | None]] = defaultdict(lambda: [None] * len(place))
    for key, day, value in points:
        if day in place and value is not None:
            found[key][place[day]] = float(value)
    return found


def _recent(rows: QuerySet[Any], moment: str) -> QuerySet[Any]:
    start = datetime.combine(recent_days()[0], datetime.min.time(), tzinfo=UTC)
    return rows.filter(**{f"{moment}__gte": start})


def _of(tenant_id: UUID | None, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(tenant_id=tenant_id) if tenant_id else rows
