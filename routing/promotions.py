"""Changes of standing with their evidence, and taking them back; the only writer of Promotion."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from miosa.http.problem import Conflict, NotFound
from routing import board, news, policies
from routing.models import Outcome, Promotion
from routing.reliability.bins import wilson
from routing.router import evaluation
from tenants import audit

REVERTED_BY_ROW = (Promotion.Kind.EVALUATION, Promotion.Kind.SHIFT)


def review(outcome: Outcome, *, scoreboard_version: str) -> None:
    """See whether a new outcome changes a standing, in the transaction that stores it."""
    if outcome.counts:
        _evaluate(outcome.model, scoreboard_version)


@transaction.atomic
def change_weights(
    weights: dict[str, dict[str, float]] | None, *, evidence: dict[str, Any] | None = None
) -> Promotion:
    """Give the current tenant other weights (None: the product's), as a row that can be taken back.

    Raises InvalidWeights.
    """
    before, version = policies.current().weights, board.known().version
    policies.change(weights=weights)
    row: Promotion = Promotion.objects.create(
        kind=Promotion.Kind.WEIGHTS,
        scoreboard_version=version,
        scoreboard_after=board.known().version,
        details={"before": before, "after": weights, "evidence": evidence or {}},
        actor=audit.current_actor(),
    )
    _announce(row, "weights.changed")
    return row


@transaction.atomic
def revert(promotion_id: UUID) -> Promotion:
    """Take a change back: its effect ends, and both rows stay. Raises NotFound, and Conflict where that cannot be."""
    row = Promotion.objects.select_for_update(of=("self",)).filter(pk=promotion_id).first()
    if row is None:
        raise NotFound("There is no such promotion.")
    if row.kind == Promotion.Kind.REVERSAL:
        raise Conflict("A reversal is not taken back: make the change anew.")
    if Promotion.objects.filter(reverts=row.pk).exists():
        raise Conflict("It has been taken back already.")
    version = board.known().version
    if row.kind == Promotion.Kind.WEIGHTS:
        policies.change(weights=row.details["before"])
    back: Promotion = Promotion.objects.create(
        kind=Promotion.Kind.REVERSAL,
        model=row.model,
        area=row.area,
        scoreboard_version=version,
        details={"of": row.kind},
        reverts=row.pk,
        actor=audit.current_actor(),
    )
    after = board.known().version
    Promotion.objects.filter(pk=back.pk).update(scoreboard_after=after)
    back.scoreboard_after = after
    _announce(back, "promotion.reverted")
    return back


def _evaluate(model: str, scoreboard_version: str) -> None:
    rules = policies.rules(policies.current())
    last = Promotion.objects.filter(kind=Promotion.Kind.EVALUATION, model=model).order_by("-requests").first()
    sums = Outcome.objects.filter(model=model).aggregate(requests=Sum("counts"), successes=Sum("credit"))
    requests, successes = (
        int(sums["requests"] or 0),
        min(sums["successes"] or Decimal(0), sums["requests"] or 0),
    )
    verdict = evaluation(requests, float(successes), rules=rules)
    if not verdict.due:
        return
    low, high = wilson(float(successes), requests)
    row = Promotion(
        kind=Promotion.Kind.EVALUATION,
        model=model,
        requests=requests,
        successes=successes,
        rate=verdict.rate,
        low=low,
        high=high,
        improved=verdict.improved,
        scoreboard_version=scoreboard_version,
        scoreboard_after=board.known().version,
        actor=audit.current_actor(),
    )
    Promotion.objects.bulk_create([row], ignore_conflicts=True)
    if verdict.improved != bool(last and last.improved):
        _announce(row, "model.promoted" if verdict.improved else "model.demoted", before=last)


def _announce(row: Promotion, action: str, *, before: Promotion | None = None) -> None:
    """Write the audit entry and tell every process, in the transaction of the row."""
    audit.record(
        action,
        actor=audit.current_actor(),
        object_type="model" if row.model else "routing_weights",
        object_id=row.model or row.pk,
        before={"improved": before.improved, "rate": before.rate} if before else None,
        after={
            "kind": row.kind, "area": row.area, "improved": row.improved, "rate": row.rate,
            "requests": row.requests, "details": row.details, "scoreboard": row.scoreboard_after,
        },
    )  # fmt: skip
    news.tell(row.tenant_id)
    transaction.on_commit(board.forget)
