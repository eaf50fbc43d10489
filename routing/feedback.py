"""What people say of answers, once for each and up to 30 days late; the only writer of Feedback."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from miosa.http.problem import Conflict, NotFound, Unprocessable
from routing import verdicts
from routing.models import Decision, Feedback
from tenants import audit

WELCOME_FOR = timedelta(days=30)  # after the decision
MOST_COMMENT = 4_000  # characters
MOST_DEMONSTRATION = 32_000  # characters


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody says: `value` is 0 (bad) to 1 (good), `demonstration` what a good answer would have been."""

    value: Decimal
    scale: str
    given_by: str
    comment: str = ""
    demonstration: str = ""


def give(decision_id: UUID, word: Word, *, now: datetime) -> Feedback:
    """Store feedback on one decision of the current tenant.

    Raises:
        NotFound: there is no such decision here.
        Conflict: it has feedback already, or no model answered.
        Unprocessable: more than 30 days have passed.
    """
    with transaction.atomic():
        decision = next(iter(_locked(Decision.objects.filter(pk=decision_id))), None)
        if decision is None:
            raise NotFound("There is no such routing decision.")
        if not decision.answered_by:
            raise Conflict("No model answered this decision: there is nothing to say anything of.")
        _refuse_second([decision])
        _refuse_late([decision], now=now)
        given = _store(decision, word)
        _tell("routing_decision", decision_id, word, [given])
    return given


def give_to_execution(execution_id: UUID, word: Word, *, now: datetime) -> list[Feedback]:
    """Store the same feedback on each answer that was used in an execution and has none yet; return what was stored.

    Raises:
        NotFound: no model answered in such an execution of the current tenant.
        Conflict: each of its answers has feedback already.
        Unprocessable: more than 30 days have passed.
    """
    with transaction.atomic():
        used = _locked(Decision.objects.filter(execution_id=execution_id).exclude(answered_by=""))
        if not used:
            raise NotFound("There is no such execution, or no model answered in it.")
        spoken_of = set(Feedback.objects.filter(decision__in=used).values_list("decision_id", flat=True))
        open_ = [decision for decision in used if decision.pk not in spoken_of]
        if not open_:
            _refuse_second(used)
        in_time = [decision for decision in open_ if not _late(decision, now=now)]
        if not in_time:
            _refuse_late(open_, now=now)
        given = [_store(decision, word) for decision in in_time]
        _tell("execution", execution_id, word, given)
    return given


def rows() -> QuerySet[Feedback]:
    """Return the current tenant's feedback."""
    found: QuerySet[Feedback] = Feedback.objects.all()
    return found


def one(feedback_id: UUID) -> Feedback:
    """Return one; raises NotFound, for a foreign one too."""
    row = rows().filter(pk=feedback_id).first()
    if row is None:
        raise NotFound("There is no such feedback.")
    return row


def _locked(decisions: QuerySet[Decision]) -> list[Decision]:
    """The decisions, each locked against others who speak of it, always in the same order."""
    return list(decisions.order_by("pk").select_for_update(of=("self",), no_key=True))


def _late(decision: Decision, *, now: datetime) -> bool:
    return now - decision.created > WELCOME_FOR


def _refuse_late(decisions: list[Decision], *, now: datetime) -> None:
    latest = max(decision.created for decision in decisions)
    if now - latest > WELCOME_FOR:
        raise Unprocessable(
            f"The answer is of {latest:%Y-%m-%d}: feedback is taken for {WELCOME_FOR.days} days after the decision."
        )


def _refuse_second(decisions: list[Decision]) -> None:
    first = Feedback.objects.filter(decision__in=decisions).order_by("created").first()
    if first:
        raise Conflict(
            f"{first.given_by} has given feedback on this at {first.created:%Y-%m-%d %H:%M} UTC; it counts once.",
            extensions={
                "feedback_id": str(first.pk),
                "given_by": first.given_by,
                "given_at": first.created.isoformat(),
            },
        )


def _store(decision: Decision, word: Word) -> Feedback:
    row: Feedback = Feedback.objects.create(
        decision=decision,
        value=word.value,
        scale=word.scale,
        comment=word.comment,
        demonstration=word.demonstration,
        given_by=word.given_by,
    )
    verdicts.told_by_people(decision.pk, value=word.value)
    return row


def _tell(object_type: str, object_id: UUID, word: Word, given: list[Feedback]) -> None:
    """Write the audit entry: that something was said and how good, never the words."""
    audit.record(
        "feedback.given",
        actor=audit.current_actor(),
        object_type=object_type,
        object_id=object_id,
        after={
            "value": float(word.value),
            "scale": word.scale,
            "decisions": [str(row.decision_id) for row in given],
            "comment": bool(word.comment),
            "demonstration": bool(word.demonstration),
        },
    )
