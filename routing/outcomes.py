"""What was decided and called, with what it takes to decide it again; the only writer of Decision and ModelCall."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from billing import ledger
from billing.money import token_cost_micros
from miosa.pg.rows import insert_new
from routing import board, knowledge
from routing.attempt_record import AttemptRecord
from routing.decided import Decided
from routing.models import Decision, ModelCall

GATEWAY = "gateway"  # who asked, where it was no agent


@dataclass(frozen=True, slots=True)
class Taken:
    """A call of the gateway that is over, as it is posted later. `costs` has the micro-dollars of each attempt."""

    decided: Decided
    attempts: tuple[AttemptRecord, ...]
    finish_reason: str
    costs: tuple[int, ...]
    details: Mapping[str, Any] = field(default_factory=dict)


class Row(NamedTuple):
    """A decision with its calls, and what is told of them in the ledger beside the usual."""

    decision: Decision
    calls: list[ModelCall]
    details: Mapping[str, Any]


def record_all(taken: Sequence[Taken]) -> list[Row]:
    """Store calls of the gateway, all in a few statements; what is there already is left as it is.

    A decision names its calls beforehand, so the same call posted again is the same rows.
    """
    rows = []
    for one in taken:
        winner = next((attempt for attempt in one.attempts if attempt.ok), None)
        decision = Decision(
            **_decision(one.decided), answered_by=winner.model if winner else "", agent=GATEWAY
        )
        calls = [
            _call(decision, number, attempt, one.finish_reason if attempt is winner else "", cost=cost)
            for number, (attempt, cost) in enumerate(zip(one.attempts, one.costs, strict=True), start=1)
        ]
        for call in calls:
            call.pk = UUID(int=decision.pk.int ^ call.number)
        rows.append(Row(decision, calls, one.details))
    insert_new([row.decision for row in rows])
    insert_new([call for row in rows for call in row.calls])
    return rows


def facts_of(row: Row) -> list[ledger.Fact]:
    """Return what the ledger is told of a decision's calls: those that used nothing are no facts."""
    facts = (_fact(row.decision, call, row.details) for call in row.calls)
    return [fact for fact in facts if fact.quantity]


def record(
    decided: Decided,
    attempts: Sequence[AttemptRecord],
    *,
    execution_id: UUID | None,
    step_id: UUID | None,
    agent: str,
    finish_reason: str = "",
) -> tuple[Decision, list[ModelCall]]:
    """Store a decision with what it was made from, all its calls and their ledger entries, in one transaction.

    The tenant pays for the call whose answer was used; the others are the platform's cost and stand in
    the ledger with their tokens and no charge.
    """
    # By itself, and first: while a long transaction held it, every decision on the same version would wait.
    knowledge.keep(decided.known)
    with transaction.atomic():
        winner = next((attempt for attempt in attempts if attempt.ok), None)
        decision = Decision.objects.create(
            **_decision(decided),
            answered_by=winner.model if winner else "",
            execution_id=execution_id,
            step_id=step_id,
            agent=agent,
        )
        calls = [
            _call(decision, number, attempt, finish_reason if attempt is winner else "", cost=_cost(attempt))
            for number, attempt in enumerate(attempts, start=1)
        ]
        ModelCall.objects.bulk_create(calls)
        ledger.post_all(facts_of(Row(decision, calls, {})))
    return decision, calls


def _decision(decided: Decided) -> dict[str, Any]:
    choice, stored = decided.choice, decided.choice.as_json()
    return {
        "id": decided.decision_id,
        "task_kind": choice.task_kind,
        "topic": decided.requirement.topic,
        "mode": choice.mode,
        "requirement": decided.requirement.as_json(),
        "ranked": stored["ranked"],
        "order": stored["order"],
        "model": choice.model,
        "provider": choice.provider,
        "why": choice.why,
        "propensity": choice.propensity,
        "draw": choice.draw,
        "prompt": decided.prompt,
        "traits": decided.traits,
        "shared_from": decided.shared_from,
        "scoreboard_version": choice.scoreboard_version,
    }


def _cost(attempt: AttemptRecord) -> int:
    return cost_micros(attempt.model, attempt.input_tokens, attempt.output_tokens, attempt.cached_tokens)


def _call(
    decision: Decision, number: int, attempt: AttemptRecord, finish_reason: str, *, cost: int
) -> ModelCall:
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
        cost_micros=cost,
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


def _fact(decision: Decision, call: ModelCall, details: Mapping[str, Any]) -> ledger.Fact:
    return ledger.Fact(
        "tokens",
        call.input_tokens + call.output_tokens,
        call.cost_micros if call.winner else 0,
        "model_call",
        str(call.pk),
        tokens=ledger.Tokens(call.input_tokens - call.cached_tokens, call.cached_tokens, call.output_tokens),
        execution_id=decision.execution_id,
        model=call.model,
        agent=decision.agent,
        description=f"{call.model}: {call.input_tokens} in, {call.output_tokens} out",
        details={
            "decision_id": str(decision.pk), "winner": call.winner, "estimated": call.estimated, **details,
        },
        occurred_at=call.created,
    )  # fmt: skip
