"""The gateway as an operator wants to see it: how much is asked now, who fails, what is left, what the cache saves."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Avg, Count, F, Max, Q, Sum
from django.db.models.functions import TruncMinute
from django.utils import timezone

from billing.models import KeyBudget, LedgerEntry
from billing.subscriptions import month_of
from routing.models import CachedAnswer, ModelCall
from routing.outcomes import GATEWAY
from tenants.models import ApiKey

SEEN_S = 3_600
MINUTES = 30
MOST_BUDGETS = 12


class ProviderHour(NamedTuple):
    """A provider in the last hour: tries, those that failed, the mean time of the others, and its newest words of failure."""

    provider: str
    model: str
    calls: int
    errors: int
    mean_ms: float | None
    last_error: str


class KeyMonth(NamedTuple):
    """A key with a cap: what of it is spent and set aside this month, in micro-dollars."""

    name: str
    spent_micros: int
    reserved_micros: int
    cap_micros: int

    @property
    def share(self) -> float:
        """What is spent or set aside, 0 to 1."""
        return (
            min(1.0, (self.spent_micros + self.reserved_micros) / self.cap_micros) if self.cap_micros else 1.0
        )


def minutes(now: datetime | None = None) -> list[tuple[datetime, int]]:
    """Return how many calls ended well in each of the last minutes, the oldest first."""
    until = (now or timezone.now()).replace(second=0, microsecond=0)
    since = until - timedelta(minutes=MINUTES - 1)
    counted = dict(
        _calls(since)
        .filter(winner=True)
        .annotate(at=TruncMinute("created"))
        .values_list("at")
        .annotate(Count("id"))
    )
    return [(at, counted.get(at, 0)) for at in (since + timedelta(minutes=one) for one in range(MINUTES))]


def providers() -> list[ProviderHour]:
    """Return each model that the gateway asked in the last hour."""
    rows = (
        _calls(timezone.now() - timedelta(seconds=SEEN_S))
        .values("provider", "model")
        .annotate(
            calls=Count("id"),
            errors=Count("id", filter=~Q(error="")),
            mean=Avg("latency_ms", filter=Q(winner=True)),
            newest=Max("created", filter=~Q(error="")),
        )
        .order_by("-calls")
    )
    return [
        ProviderHour(row["provider"], row["model"], row["calls"], row["errors"], row["mean"], _words(row))
        for row in rows
    ]


def sums() -> Mapping[str, int]:
    """Return the last hour's calls, tokens and cost, and what the cache saved this month."""
    hour = _calls(timezone.now() - timedelta(seconds=SEEN_S)).aggregate(
        calls=Count("id", filter=Q(winner=True)),
        tokens=Sum(F("input_tokens") + F("output_tokens")),
        cost=Sum("cost_micros", filter=Q(winner=True)),
    )
    cache = CachedAnswer.objects.aggregate(saved=Sum(F("hits") * F("cost_micros")), again=Sum("hits"))
    hits = LedgerEntry.objects.filter(source="cache_hit", created__date__gte=month_of(timezone.now())).count()
    return {name: int(value or 0) for name, value in {**hour, **cache, "hits": hits}.items()}


def budgets() -> Sequence[KeyMonth]:
    """Return the keys that have a cap, those nearest to it first."""
    capped = {
        key.pk: key
        for key in ApiKey.objects.filter(budget_micros__isnull=False, revoked_at=None).order_by("-created")[
            :200
        ]
    }
    used: dict[Any, KeyBudget] = {
        row.key_id: row
        for row in KeyBudget.objects.filter(budget__month=month_of(timezone.now()), key_id__in=list(capped))
    }
    found = [
        KeyMonth(
            key.name,
            used[pk].spent_micros if pk in used else 0,
            used[pk].reserved_micros if pk in used else 0,
            key.budget_micros or 0,
        )
        for pk, key in capped.items()
    ]
    return sorted(found, key=lambda one: -one.share)[:MOST_BUDGETS]


def _calls(since: datetime) -> Any:
    return ModelCall.objects.filter(created__gte=since, decision__agent=GATEWAY)


def _words(row: Mapping[str, Any]) -> str:
    if row["newest"] is None:
        return ""
    failed = ModelCall.objects.filter(provider=row["provider"], model=row["model"], created=row["newest"])
    return str(failed.values_list("error", flat=True).first() or "")
