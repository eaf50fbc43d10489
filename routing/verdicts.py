"""How decisions turned out, from those who can say: checks, a judge, people; the only writer of Outcome.

Each source speaks once of a decision. Who knows better corrects who spoke before, by the difference, so that a
decision counts once whatever the order in which they speak.
"""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from miosa.http.problem import NotFound
from routing import board, news, promotions
from routing.models import Decision, Outcome

SOURCES = [source.value for source in Outcome.Source]  # from the least to the most believed
HALF = Decimal("0.5")
PLACES = Decimal("0.0001")


def checked(decision_id: UUID, *, success: bool, confidence: float) -> None:
    """Store what the checks of a result say of its decision; `confidence` is 0 to 10."""
    _speak(decision_id, Outcome.Source.CHECKS, Decimal(int(success)), confidence=confidence)


def judged(decision_id: UUID, *, score: float) -> None:
    """Store a stronger model's verdict, 0 to 1."""
    _speak(decision_id, Outcome.Source.JUDGE, Decimal(score).quantize(PLACES))


def told_by_people(decision_id: UUID, *, value: Decimal) -> None:
    """Store what people say, 0 to 1: nobody knows better."""
    _speak(decision_id, Outcome.Source.FEEDBACK, value.quantize(PLACES))


@transaction.atomic
def _speak(
    decision_id: UUID, source: Outcome.Source, verdict: Decimal, *, confidence: float | None = None
) -> None:
    # The decision's row is the lock: two sources that speak at once see each other.
    decision = Decision.objects.select_for_update(of=("self",), no_key=True).filter(pk=decision_id).first()
    if decision is None:
        raise NotFound("There is no such routing decision.")
    before = list(decision.outcomes.all())
    if any(row.source == source for row in before):
        return
    call = decision.calls.filter(winner=True).first()
    outcome = Outcome.objects.create(
        decision=decision,
        source=source,
        model=decision.answered_by or decision.model,
        task_kind=decision.task_kind,
        topic=decision.topic,
        success=verdict >= HALF,
        verdict=verdict,
        counts=0 if before else 1,
        credit=_credit(source, verdict, before),
        confidence=10 * verdict if confidence is None else confidence,
        latency_ms=call.latency_ms if call else 0,
    )
    promotions.review(outcome, scoreboard_version=decision.scoreboard_version)
    news.tell(decision.tenant_id)
    transaction.on_commit(board.forget)


def standing(said: Iterable[Outcome]) -> Outcome:
    """The word that holds among those said of one decision: the most believed source's."""
    return max(said, key=lambda row: SOURCES.index(row.source))


def _credit(source: str, verdict: Decimal, before: list[Outcome]) -> Decimal:
    """What this word adds to the successes: the verdict, or its difference to the one it overrules, or nothing."""
    if not before:
        return verdict
    held = standing(before)
    return verdict - held.verdict if SOURCES.index(source) > SOURCES.index(held.source) else Decimal(0)
