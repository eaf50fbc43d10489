"""Changes of standing with their evidence, and taking them back; the only writer of Promotion."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from miosa.http.problem import Conflict, NotFound
from routing import board, news, policies, shift
from routing.models import Outcome, Promotion, PromptFit
from routing.posterior import Counts
from routing.reliability.bins import wilson
from routing.requirement import area_of
from routing.router import evaluation
from routing.verdict import LEAST_REQUESTS, overtakes
from tenants import audit

REVERTED_BY_ROW = (Promotion.Kind.EVALUATION, Promotion.Kind.SHIFT)


def review(outcome: Outcome, *, scoreboard_version: str) -> None:
    """See whether a new outcome changes a standing, in the transaction that stores it."""
    if outcome.counts:
        _notice_shift(outcome, scoreboard_version)
        if _evaluate(outcome.model, scoreboard_version):
            _notice_overtaking(outcome, scoreboard_version)


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


def prompts_changed(row: PromptFit, before: PromptFit | None) -> Promotion:
    """Record that what prompts teach takes part in decisions from now on, or no longer."""
    change: Promotion = Promotion.objects.create(
        kind=Promotion.Kind.PROMPTS,
        requests=row.rows,
        improved=row.active,
        scoreboard_version=board.known().version,
        details={"fit": row.version, "before": before.version if before else "", "trial": row.evidence},
        actor=audit.current_actor(),
    )
    _announce(change, "prompts.used" if row.active else "prompts.set_aside")
    return change


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


def _evaluate(model: str, scoreboard_version: str) -> bool:
    """Evaluate a model at every hundredth request; return whether this was one."""
    rules = policies.rules(policies.current())
    last = Promotion.objects.filter(kind=Promotion.Kind.EVALUATION, model=model).order_by("-requests").first()
    sums = Outcome.objects.filter(model=model).aggregate(requests=Sum("counts"), successes=Sum("credit"))
    requests, successes = (
        int(sums["requests"] or 0),
        min(sums["successes"] or Decimal(0), sums["requests"] or 0),
    )
    evaluated = last.requests if last else 0
    verdict = evaluation(requests, float(successes), evaluated=evaluated, rules=rules)
    if not verdict.due:
        return False
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
    return True


def _notice_shift(outcome: Outcome, scoreboard_version: str) -> None:
    """Compare a cell's last outcomes with its record before them; discount that record where they do not fit."""
    area = area_of(outcome.task_kind, outcome.topic)
    of_cell = Outcome.objects.filter(
        model=outcome.model, task_kind=outcome.task_kind, topic=outcome.topic, counts=1
    )
    last = list(of_cell.order_by("-id").values_list("id", "verdict")[: shift.WINDOW])
    if len(last) < shift.WINDOW or _settling(outcome.model, area, of_cell):
        return
    window = Counts(shift.WINDOW, float(sum(verdict for _, verdict in last)))
    known = board.current().snapshot.cell(area, outcome.model)
    earlier = Counts(
        max(0.0, known.requests - window.requests + 1), max(0.0, known.successes - window.successes)
    )
    found = shift.shift(earlier, window)
    if found is None:
        return
    low, high = wilson(window.successes, window.requests)
    row: Promotion = Promotion.objects.create(
        kind=Promotion.Kind.SHIFT,
        model=outcome.model,
        area=area,
        requests=shift.WINDOW,
        successes=Decimal(window.successes).quantize(Decimal("0.0001")),
        rate=found.window_rate,
        low=low,
        high=high,
        discount=found.discount,
        since=last[-1][0],
        scoreboard_version=scoreboard_version,
        details={"old_rate": found.old_rate, "old_requests": earlier.requests, "p": found.p},
        actor=audit.current_actor(),
    )
    _announce(row, "model.shifted")


def _settling(model: str, area: str, of_cell: Any) -> bool:
    """Whether the window still holds outcomes from before the cell's last shift."""
    last = (
        Promotion.objects.filter(kind=Promotion.Kind.SHIFT, model=model, area=area)
        .exclude(pk__in=Promotion.objects.filter(reverts__isnull=False).values("reverts"))
        .order_by("-created")
        .first()
    )
    return last is not None and of_cell.filter(id__gte=last.since).count() < 2 * shift.WINDOW


def _notice_overtaking(outcome: Outcome, scoreboard_version: str) -> None:
    """See whether the evaluated model is now surely better, in this area, than the one with the best record beside it."""
    area = area_of(outcome.task_kind, outcome.topic)
    snapshot = board.known().snapshot
    cells = {model: tally for (where, model), tally in snapshot.cells.items() if where == area}
    mine = cells.pop(outcome.model, None)
    rivals = [model for model, tally in cells.items() if tally.requests >= LEAST_REQUESTS]
    if mine is None or not rivals:
        return
    incumbent = max(rivals, key=lambda model: (snapshot.posterior(area, model).mean, model))
    look = max(
        1, int(snapshot.total(outcome.model).requests // policies.rules(policies.current()).evaluate_after)
    )
    verdict = overtakes(
        Counts(mine.requests, mine.successes),
        Counts(cells[incumbent].requests, cells[incumbent].successes),
        look=look,
    )
    if not verdict.promoted or _leads_already(outcome.model, incumbent, area):
        return
    row: Promotion = Promotion.objects.create(
        kind=Promotion.Kind.OVERTAKING,
        model=outcome.model,
        over=incumbent,
        area=area,
        requests=int(verdict.n),
        successes=Decimal(mine.successes).quantize(Decimal("0.0001")),
        rate=verdict.rate,
        low=verdict.low,
        high=verdict.high,
        improved=True,
        scoreboard_version=scoreboard_version,
        scoreboard_after=board.known().version,
        details={
            "over_requests": cells[incumbent].requests,
            "over_rate": cells[incumbent].rate,
            "look": look,
        },
        actor=audit.current_actor(),
    )
    _announce(row, "model.overtook")


def _leads_already(model: str, over: str, area: str) -> bool:
    """Whether the last overtaking between the two in the area was this one."""
    last = (
        Promotion.objects.filter(
            kind=Promotion.Kind.OVERTAKING, area=area, model__in=[model, over], over__in=[model, over]
        )
        .order_by("-created")
        .first()
    )
    return last is not None and last.model == model


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
