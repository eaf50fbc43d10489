"""Who was asked: how decisions are spread over models, over time and by kind of task."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from miosa.pg.replica import may_lag
from routing.pictures.period import Period
from routing.pictures.rows import decisions

NAMED = 7  # models with a colour of their own; the rest are drawn together
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Traffic:
    """Decisions by chosen model. Each tuple of counts has one number for each of `models`, the most chosen first."""

    models: tuple[str, ...]
    by_bucket: tuple[tuple[str, tuple[int, ...]], ...]
    by_kind: tuple[tuple[str, tuple[int, ...]], ...]
    total: int


@may_lag
def traffic(period: Period, tenant_id: UUID | None = None) -> Traffic:
    """Return how the decisions of a period are spread."""
    rows = decisions(period, tenant_id).values("model", "task_kind", "bucket").annotate(n=Count("id"))
    counts = [(row["model"], row["task_kind"], row["bucket"], row["n"]) for row in rows.order_by()]
    models, kinds = Counter[str](), Counter[str]()
    for model, kind, _bucket, n in counts:
        models[model] += n
        kinds[kind] += n
    names = _names(models)
    bucketed = _spread(((bucket, model, n) for model, _kind, bucket, n in counts), names)
    by_kind = _spread(((kind, model, n) for model, kind, _bucket, n in counts), names)
    empty = (0,) * len(names)
    return Traffic(
        models=names,
        by_bucket=tuple(
            (label, bucketed.get(bucket, empty))
            for bucket, label in zip(period.buckets, period.labels, strict=True)
        ),
        by_kind=tuple((kind, by_kind[kind]) for kind, _n in _most(kinds)),
        total=sum(models.values()),
    )


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _names(models: Counter[str]) -> tuple[str, ...]:
    """The models that are told apart, and one name for all the others if there are any."""
    ordered = [model for model, _n in _most(models)]
    return tuple(ordered) if len(ordered) <= NAMED + 1 else (*ordered[:NAMED], OTHERS)


def _spread(
    counts: Iterable[tuple[Hashable, str, int]], names: tuple[str, ...]
) -> dict[Hashable, tuple[int, ...]]:
    place = {name: number for number, name in enumerate(names)}
    found: dict[Hashable, list[int]] = {}
    for key, model, n in counts:
        row = found.setdefault(key, [0] * len(names))
        row[place.get(model, len(names) - 1)] += n
    return {key: tuple(row) for key, row in found.items()}
