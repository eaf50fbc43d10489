"""What was decided, called and learned; the only writer of Decision, ModelCall, Outcome and Promotion."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from billing import ledger
from billing.money import token_cost_micros
from routing import board
from routing.attempt_record import AttemptRecord
from routing.choice import Choice
from routing.models import Decision, ModelCall, Outcome, Promotion
from routing.requirement import Requirement
from routing.router import evaluation
from tenants import audit


def record(
    choice: Choice,
    requirement: Requirement,
    attempts: Sequence[AttemptRecord],
    *,
    execution_id: UUID | None,
    step_id: UUID | None,
    agent: str,
    finish_reason: str = "",
) -> tuple[Decision, list[ModelCall]]:
    """Store a decision with all its calls and their ledger entries, in one transaction.

    The tenant pays for the call whose answer was used; the others are the platform's cost and stand in
    the ledger with their tokens and no charge.
    """
    with transaction.atomic():
        winner = next((attempt for attempt in attempts if attempt.ok), None)
        decision = Decision.objects.create(
            task_kind=choice.task_kind,
            mode=choice.mode,
            requirement=requirement.as_json(),
            ranked=choice.as_json()["ranked"],
            model=choice.model,
            provider=choice.provider,
            answered_by=winner.model if winner else "",
            why=choice.why,
            propensity=choice.propensity,
            scoreboard_version=choice.scoreboard_version,
            execution_id=execution_id,
            step_id=step_id,
            agent=agent,
        )
        calls = [
            _call(decision, number, attempt, finish_reason if attempt is winner else "")
            for number, attempt in enumerate(attempts, start=1)
        ]
        ModelCall.objects.bulk_create(calls)
        for call in calls:
            _post(decision, call)
    return decision, calls


def record_reward(decision_id: UUID, *, success: bool, confidence: float) -> None:
    """Store how a decision turned out, once, in the transaction of the result; `confidence` is 0 to 10."""
    decision = Decision.objects.get(pk=decision_id)
    call = decision.calls.filter(winner=True).first()
    outcome = Outcome(
        decision=decision,
        model=decision.answered_by or decision.model,
        task_kind=decision.task_kind,
        success=success,
        confidence=confidence,
        latency_ms=call.latency_ms if call else 0,
    )
    Outcome.objects.bulk_create([outcome], ignore_conflicts=True)
    if Outcome.objects.filter(pk=outcome.pk).exists():
        _evaluate(outcome.model, decision.scoreboard_version)
        transaction.on_commit(board.forget)


def prior(task_kind: str, model: str) -> float:
    """Return P(success), strictly between 0 and 1, that the record of a model in a kind of task gives."""
    return board.current().snapshot.posterior(task_kind, model).mean


def _call(decision: Decision, number: int, attempt: AttemptRecord, finish_reason: str) -> ModelCall:
    return ModelCall(
        decision=decision,
        number=number,
        model=attempt.model,
        provider=attempt.provider,
        winner=attempt.ok,
        status=attempt.status,
        error=attempt.error[:300].replace("\0", "\ufffd"),  # providers say what they like
        input_tokens=attempt.input_tokens,
        cached_tokens=attempt.cached_tokens,
        output_tokens=attempt.output_tokens,
        estimated=attempt.estimated,
        cost_micros=cost_micros(
            attempt.model, attempt.input_tokens, attempt.output_tokens, attempt.cached_tokens
        ),
        latency_ms=attempt.latency_ms,
        first_token_ms=attempt.first_token_ms,
        finish_reason=finish_reason[:20],
        created=attempt.started_at,
    )


def cost_micros(model_id: str, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> int:
    """Return what a call costs in micro-dollars; raises ValueError for a model without a known price."""
    price = board.catalog().model(model_id).price
    if price is None:
        raise ValueError(f"The price of {model_id} is unknown, and unknown is not free.")
    return token_cost_micros(
        (input_tokens - cached_tokens, price.input_micros),
        (cached_tokens, price.cached_or_input_micros),
        (output_tokens, price.output_micros),
    )


def _post(decision: Decision, call: ModelCall) -> None:
    tokens = call.input_tokens + call.output_tokens
    if not tokens:
        return
    ledger.post(
        "tokens",
        tokens,
        cost_micros=call.cost_micros if call.winner else 0,
        source="model_call",
        source_id=str(call.pk),
        execution_id=decision.execution_id,
        model=call.model,
        agent=decision.agent,
        description=f"{call.model}: {call.input_tokens} in, {call.output_tokens} out",
        details={"decision_id": str(decision.pk), "winner": call.winner, "estimated": call.estimated},
        occurred_at=call.created,
    )


def _evaluate(model: str, scoreboard_version: str) -> None:
    outcomes = Outcome.objects.filter(model=model)
    requests = outcomes.count()
    verdict = evaluation(requests, 0)
    if not verdict.due:
        return
    successes = outcomes.filter(success=True).count()
    verdict = evaluation(requests, successes)
    row = Promotion(
        model=model,
        requests=requests,
        successes=successes,
        rate=verdict.rate,
        improved=verdict.improved,
        scoreboard_version=scoreboard_version,
    )
    before = Promotion.objects.filter(model=model).order_by("-requests").values("improved", "rate").first()
    Promotion.objects.bulk_create([row], ignore_conflicts=True)
    if verdict.improved != bool(before and before["improved"]):
        audit.record(
            "model.promoted" if verdict.improved else "model.demoted",
            actor=audit.current_actor(),
            object_type="model",
            object_id=model,
            before=before,
            after={"improved": verdict.improved, "rate": verdict.rate, "requests": requests},
        )
