"""How each model did over time: its rate of success and its latency, bucket by bucket, with what is known of them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Avg, Count, FloatField, Q, StdDev, Sum
from django.db.models.functions import Cast

from miosa.pg.replica import may_lag
from routing.pictures.period import Period
from routing.pictures.rows import judged
from routing.reliability.bins import Z_95, wilson


class Estimate(NamedTuple):
    """A mean of `n` values with its 95 % interval; None where nothing, or one value alone, is known."""

    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


NOTHING = Estimate(0)


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """One model's answers of a period that somebody spoke of.

    `success` (0 to 1, Wilson's interval) and `latency_ms` (mean, normal interval) have one estimate for each bucket.
    """

    model: str
    n: int
    successes: float
    success: tuple[Estimate, ...]
    latency_ms: tuple[Estimate, ...]

    @property
    def rate(self) -> float:
        return self.successes / self.n


@may_lag
def records(period: Period, tenant_id: UUID | None = None) -> list[ModelRecord]:
    """Return the record of each model, the most asked first."""
    timed = Q(latency_ms__gt=0)
    rows = judged(period, tenant_id).values("model", "bucket")
    sums = rows.annotate(
        n=Count("id"),
        good=Cast(Sum("standing"), FloatField()),
        timed=Count("id", filter=timed),
        mean_ms=Avg("latency_ms", filter=timed),
        spread_ms=StdDev("latency_ms", filter=timed, sample=True),
    )
    by_model: dict[str, dict[datetime, dict[str, Any]]] = defaultdict(dict)
    for row in sums.order_by():
        by_model[row["model"]][row["bucket"]] = row
    found = [_record(model, buckets, period) for model, buckets in by_model.items()]
    return sorted(found, key=lambda record: (-record.n, record.model))


def _record(model: str, buckets: dict[datetime, dict[str, Any]], period: Period) -> ModelRecord:
    rows = [buckets.get(bucket) for bucket in period.buckets]
    return ModelRecord(
        model=model,
        n=sum(row["n"] for row in buckets.values()),
        successes=sum(row["good"] for row in buckets.values()),
        success=tuple(rate_of(row["good"], row["n"]) if row else NOTHING for row in rows),
        latency_ms=tuple(
            mean_of(row["mean_ms"], row["spread_ms"], row["timed"]) if row else NOTHING for row in rows
        ),
    )


def rate_of(successes: float, n: int) -> Estimate:
    """A share of successes with its Wilson interval."""
    if n <= 0:
        return NOTHING
    return Estimate(n, successes / n, *wilson(min(max(successes, 0.0), n), n))


def mean_of(mean: float | None, spread: float | None, n: int) -> Estimate:
    """A mean with its normal interval; a single value has none. `spread` is the sample's standard deviation."""
    if mean is None:
        return NOTHING
    if spread is None or n < 2:  # noqa: PLR2004  one value says nothing of its own spread
        return Estimate(n, float(mean))
    reach = Z_95 * float(spread) / sqrt(n)
    return Estimate(n, float(mean), max(0.0, float(mean) - reach), float(mean) + reach)
