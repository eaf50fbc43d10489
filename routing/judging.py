"""A stronger model judges a sampled share of the answers; the only writer of Judgement.

An answer is queued in the transaction of its decision. Judging claims the row (its judge's decision is named before
anybody is asked, so that what a killed worker spent is found again), asks outside of any transaction, and writes
verdict, charge and end together. A provider that is away leaves the row queued, and it is rung for ever more slowly.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Now
from django.utils import timezone
from uuid_utils.compat import uuid7

from billing import quota
from miosa.http.problem import PaymentRequired
from routing import board, insight, judge_prompt, policies, verdicts
from routing.catalog import Model
from routing.errors import NoCandidate, NoProviderLeft
from routing.messages import Prompt
from routing.models import Decision, Judgement, ModelCall, Outcome
from routing.reliability.agreement import Agreement
from routing.reliability.agreement import agreement as agreement_of
from routing.requirement import Requirement
from tenants.places import in_each_place

AGENT = "judge"
TASK_KIND, MODE = "reason", "quality"
CEILING_MICROS = 100_000  # 10 cents: the most that one call of a judge may cost
COMPARED = 10_000  # newest answers that agreement is told of

# A row whose judge's decision is named is being judged, unless its worker died: then the bell ends the claim.
DUE = """
WITH due AS (
  SELECT id FROM routing_judgement
  WHERE state = 'queued' AND (rung IS NULL OR rung < now() - make_interval(
    secs => CASE WHEN judge_decision IS NULL THEN %s ELSE %s END * 2 ^ least(greatest(attempts - 1, 0), %s)))
  ORDER BY created LIMIT %s FOR UPDATE SKIP LOCKED)
UPDATE routing_judgement j SET rung = CASE WHEN judge_decision IS NULL THEN now() END
FROM due WHERE j.id = due.id RETURNING j.tenant_id, j.id"""
RING_S = 30.0
LEASE_S = 360.0  # longer than a call with all its attempts may take (300 s)
DOUBLINGS = 6  # of the wait, one for each attempt: half an hour at the most


class Answered(Protocol):
    """What a judge said, and which model it was."""

    @property
    def text(self) -> str: ...
    @property
    def model(self) -> str: ...


class Ask(Protocol):
    """Asks one of the models that `among` takes, and stores the decision under this id with its calls.

    Raises NoCandidate where none of them can take it, NoProviderLeft where none answers now (retry later), and
    PaymentRequired where each could cost more than the ceiling.
    """

    def __call__(
        self,
        prompt: Prompt,
        requirement: Requirement,
        /,
        *,
        decision_id: UUID | None,
        among: Callable[[Model], bool] | None,
    ) -> Answered: ...


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to judge one answer; it is lost when the row names another decision."""

    row_id: UUID
    decision_id: UUID
    judged: str
    prompt: Prompt
    stronger: frozenset[str]


def sampled(decision_id: UUID, *, share: float) -> bool:
    """Tell whether a decision belongs to the share (0 to 1) that is judged: the same answer in every process."""
    return int.from_bytes(sha256(decision_id.bytes).digest()[:8]) < share * 2**64


def queue(decision: Decision, prompt: Prompt, answer: str) -> None:
    """Queue an answer for judging where the sample falls on it; call it in the transaction of the decision."""
    if decision.agent == AGENT or not sampled(decision.pk, share=policies.current().judge_share):
        return
    Judgement.objects.create(
        decision=decision,
        question=judge_prompt.question_of(prompt.messages),
        answer=judge_prompt.bounded(answer),
    )


def due(*, limit: int = 100) -> list[tuple[UUID, UUID]]:
    """Return (tenant, judgement) of what waits for a judge, of all tenants, as the platform.

    `limit` holds for each place that has rows of tenants.
    """
    rows = in_each_place(DUE, [RING_S, LEASE_S, DOUBLINGS, limit])
    return [(tenant_id, row_id) for tenant_id, row_id in rows]


def judge(row_id: UUID, *, ask: Ask) -> None:
    """Have one queued answer of the current tenant judged; a row that is judged or being judged is left alone."""
    claim = _claim(row_id)
    if claim is None:
        return
    requirement = Requirement(
        TASK_KIND, MODE, claim.prompt.input_tokens, claim.prompt.max_output_tokens, needs_json=True
    )
    try:
        answered = ask(
            claim.prompt,
            requirement,
            decision_id=claim.decision_id,
            among=lambda model: model.id in claim.stronger,
        )
    except NoProviderLeft:
        _later(claim)
    except NoCandidate:
        _skip(claim, f"no model stronger than {claim.judged} can take it")
    except PaymentRequired as error:
        _skip(claim, f"it could not be paid: {error}")
    else:
        _finish(claim, answered)


def agreement() -> Agreement:
    """Return how far the judge agrees with people, over the newest answers of the current tenant that both judged."""
    both = Outcome.objects.filter(
        source=Outcome.Source.JUDGE, decision__outcomes__source=Outcome.Source.FEEDBACK
    )
    pairs = both.order_by("-created").values_list("verdict", "decision__outcomes__verdict")[:COMPARED]
    return agreement_of([(float(judge), float(people)) for judge, people in pairs])


@transaction.atomic
def _claim(row_id: UUID) -> Claim | None:
    row = _queued(row_id)
    if row is None or (row.judge_decision and row.rung):
        return None
    if row.judge_decision:
        _settle(row.judge_decision)  # a worker died over it; what it spent is spent
    judged = row.decision.answered_by
    stronger = stronger_than(judged)
    if not stronger:
        _end(row, Judgement.State.SKIPPED, reason=f"no model stronger than {judged} is set up")
        return None
    decision_id = uuid7()
    try:
        quota.reserve(_reference(decision_id), CEILING_MICROS if insight.any_priced_model() else 0)
    except PaymentRequired as error:
        _end(row, Judgement.State.SKIPPED, reason=f"it could not be paid: {error}")
        return None
    row.attempts += 1
    row.judge_decision, row.rung = decision_id, Now()
    row.save(update_fields=["attempts", "judge_decision", "rung"])
    return Claim(row.pk, decision_id, judged, judge_prompt.prompt_for(row.question, row.answer), stronger)


def stronger_than(judged: str) -> frozenset[str]:
    """The models within reach whose quality is above that of the judged one, which is never among them."""
    here, models = board.reachable(), board.catalog().models
    bar = next((model.quality.value for model in models if model.id == judged), None)
    if bar is None:
        return frozenset()  # it has left the catalogue: nobody knows who is stronger
    return frozenset(
        model.id for model in models if model.provider in here and model.price and model.quality.value > bar
    )


@transaction.atomic
def _finish(claim: Claim, answered: Answered) -> None:
    row = _held(claim)
    if row is None:
        return
    verdict = judge_prompt.verdict_in(answered.text)
    if verdict is not None:
        verdicts.judged(row.decision_id, score=verdict.score)
        _end(
            row, Judgement.State.JUDGED, judge=answered.model, score=verdict.score, reason=verdict.reason
        )  # fmt: skip
    elif row.judge:  # it is the second answer that says nothing
        _end(row, Judgement.State.FAILED, judge=answered.model, reason="two answers held no score of 0 to 10")
    else:
        row.judge, row.judge_decision = answered.model, None
        row.save(update_fields=["judge", "judge_decision"])


@transaction.atomic
def _later(claim: Claim) -> None:
    if row := _held(claim):
        row.judge_decision = None
        row.save(update_fields=["judge_decision"])


@transaction.atomic
def _skip(claim: Claim, reason: str) -> None:
    if row := _held(claim):
        _end(row, Judgement.State.SKIPPED, reason=reason)


def _held(claim: Claim) -> Judgement | None:
    """The claimed row, locked, and the claim's money settled; None where somebody else has taken it over."""
    row = _queued(claim.row_id)
    _settle(claim.decision_id)
    return row if row and row.judge_decision == claim.decision_id else None


def _queued(row_id: UUID) -> Judgement | None:
    rows = Judgement.objects.select_for_update(of=("self",)).select_related("decision")
    row: Judgement | None = rows.filter(pk=row_id, state=Judgement.State.QUEUED).first()
    return row


def _end(
    row: Judgement, state: Judgement.State, *, reason: str, judge: str = "", score: float | None = None
) -> None:
    """Close a row; what was asked and answered is kept no longer."""
    row.state, row.reason, row.judge, row.score = state, reason, judge, score
    row.question = row.answer = ""
    row.finished = timezone.now()
    row.save()


def _settle(decision_id: UUID) -> None:
    """Charge what a judge's decision cost; settling again charges the difference only."""
    paid = ModelCall.objects.filter(decision_id=decision_id, winner=True).aggregate(sum=Sum("cost_micros"))
    quota.settle(_reference(decision_id), int(paid["sum"] or 0))


def _reference(decision_id: UUID) -> str:
    return f"judgement:{decision_id}"
