"""The read side of routing: decisions explained, models with their record, providers within reach."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, Q, QuerySet, Sum

from miosa.http.problem import NotFound
from miosa.pg.replica import may_lag
from routing import board
from routing.catalog import Model
from routing.choice import Ranked
from routing.entry import Entry
from routing.flip import Flip, Ground, smallest_flip
from routing.knowledge import recalled
from routing.known import Known
from routing.models import Decision, ModelCall, Outcome, Promotion
from routing.replay import ODD, as_stored, entry_on
from routing.requirement import area_of
from routing.scoreboard import Scoreboard
from routing.snapshot import Tally


@dataclass(frozen=True, slots=True)
class ProviderState:
    """Whether a provider is set up here, and what that takes."""

    name: str
    available: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Called:
    """Answered calls of models: how many, their tokens in and out, and what the tenant paid, in micro-dollars."""

    calls: int
    tokens: int
    cost_micros: int


@dataclass(frozen=True, slots=True)
class Explained:
    """A decision with what can be said of it now.

    `ranked` are all candidates where the knowledge it was made from is kept (`kept`), else those that were stored.
    `chances` is the probability of each model, 0 to 1, that had one; None where that is not known any more.
    """

    decision: Decision
    flip: Flip
    ranked: tuple[Ranked, ...]
    chances: Mapping[str, float] | None
    kept: bool


def providers() -> list[ProviderState]:
    """Return every provider of the catalogue."""
    here = board.reachable()
    return [
        ProviderState(
            facts.name,
            facts.name in here,
            "set up" if facts.name in here else f"{facts.key_variable or facts.url_variable} is empty",
        )
        for facts in board.catalog().providers
    ]


def any_priced_model() -> bool:
    """Tell whether a call here can cost anything at all."""
    here = board.reachable()
    return any(
        model.price and (model.price.input_micros or model.price.output_micros)
        for model in board.catalog().models
        if model.provider in here
    )


def decisions() -> QuerySet[Decision]:
    """Return the current tenant's decisions."""
    rows: QuerySet[Decision] = Decision.objects.all()
    return rows


def decision(decision_id: UUID) -> Decision:
    """Return one decision with its calls and all that was said of it; raises NotFound, for a foreign one too."""
    told = ("calls", "outcomes", "feedback", "judgements")
    row = decisions().prefetch_related(*told).filter(pk=decision_id).first()
    if row is None:
        raise NotFound("There is no such routing decision.")
    return row


def explained(decision_id: UUID) -> Explained:
    """Return one decision with the smallest change that would have chosen another model; raises NotFound."""
    row = decision(decision_id)
    ground, rows, chances = Ground(row.mode), as_stored(row).ranked, None
    again = _again(row)
    if again is not None:
        known, entry = again
        area = area_of(row.task_kind, row.topic)
        ground = Ground(row.mode, area, known.weights.by_mode, known.rules, known.snapshot)
        rows, chances = entry.rows, entry.chances if row.draw is not None else {row.model: 1.0}
    flip = smallest_flip(rows, ground, chosen=row.model, draw=row.draw)
    return Explained(row, flip, rows, chances, kept=again is not None)


def _again(row: Decision) -> tuple[Known, Entry] | None:
    """What a decision was made from, and the answer this gives to its question; None where it cannot be made again."""
    try:
        known = recalled(row.scoreboard_version)
        return known, entry_on(Scoreboard.of(known), row)
    except ODD:
        return None


def answered_for(execution_id: UUID, step_id: UUID) -> Called:
    """Return what the calls took whose answers went to one step, whichever worker asked and whatever came of it."""
    calls = ModelCall.objects.filter(
        winner=True, decision__execution_id=execution_id, decision__step_id=step_id
    )
    found = calls.aggregate(
        calls=Count("pk"), tokens=Sum(F("input_tokens") + F("output_tokens")), cost=Sum("cost_micros")
    )
    return Called(found["calls"], int(found["tokens"] or 0), int(found["cost"] or 0))


@may_lag
def model_performance() -> list[dict[str, Any]]:
    """Return requests, successes, latency, confidence, tokens and cost by model and kind of task."""
    used = {
        (row["decision__task_kind"], row["model"]): row
        for row in ModelCall.objects.values("decision__task_kind", "model").annotate(
            input=Sum("input_tokens"),
            output=Sum("output_tokens"),
            cost=Sum("cost_micros", filter=Q(winner=True)),
        )
    }
    judged = Outcome.objects.values("task_kind", "model").annotate(
        requests=Sum("counts"),
        successes=Sum("credit"),
        mean_ms=Avg("latency_ms", filter=Q(counts=1)),
        mean_confidence=Avg("confidence", filter=Q(source=Outcome.Source.CHECKS)),
    )
    return [
        _performance(row, used.get((row["task_kind"], row["model"]), {})) for row in judged.order_by("model")
    ]


def models() -> list[dict[str, Any]]:
    """Return the catalogue with each model's price, reach and record in the current tenant."""
    return _models(board.catalog().models)


def model(name: str) -> dict[str, Any]:
    """Return one model by its id, an alias or a retired id, with a `note` where it is not its id.

    Raises UnknownModel, naming the nearest names.
    """
    found, note = board.catalog().resolve(name)
    return _models([found])[0] | {"note": note}


def _models(wanted: Iterable[Model]) -> list[dict[str, Any]]:
    here, known = board.reachable(), board.current().snapshot
    evaluations = Promotion.objects.filter(kind=Promotion.Kind.EVALUATION)
    newest = evaluations.order_by("model", "-requests").distinct("model")
    improved = {row.model for row in newest if row.improved} - known.withheld
    return [
        _model(
            model,
            available=model.provider in here,
            total=known.total(model.id),
            improved=model.id in improved,
        )
        for model in wanted
    ]


def _performance(row: dict[str, Any], used: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": row["model"],
        "provider": board.catalog().model(row["model"]).provider,
        "task_kind": row["task_kind"],
        "requests": row["requests"],
        "successes": round(row["successes"]),
        "mean_ms": round(float(row["mean_ms"] or 0), 1),
        "mean_confidence": round(float(row["mean_confidence"] or 0), 2),
        "cost_micros": int(used.get("cost") or 0),
        "tokens": int(used.get("input") or 0) + int(used.get("output") or 0),
    }


def _model(model: Model, *, available: bool, total: Tally, improved: bool) -> dict[str, Any]:
    price = model.price
    return {
        "id": model.id,
        "title": model.title,
        "provider": model.provider,
        "available": available and price is not None,
        "context_tokens": model.context_tokens,
        "max_output_tokens": model.max_output_tokens,
        "input_micros_per_million": price.input_micros if price else None,
        "output_micros_per_million": price.output_micros if price else None,
        "quality": model.quality.value,
        "speed": model.speed.value,
        "cost": model.cost.value,
        "fit": {kind: rating.value for kind, rating in model.fit.items()},
        "requests": total.requests,
        "success_rate": total.rate,
        "mean_latency_ms": total.latency_ms,
        "improved": improved,
    }
