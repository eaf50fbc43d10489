"""A decision with its answer and its outcome, stored the way the product stores them."""

from datetime import UTC, datetime

from routing import deciding, outcomes, verdicts
from routing.attempt_record import AttemptRecord
from routing.models import Decision, Outcome
from routing.requirement import Requirement

CHAT = Requirement("chat")


def decision(requirement: Requirement = CHAT, *, by: str = "") -> Decision:
    """Decide and store an answer without charge; `by`: the model that spoke, where it was not the chosen one."""
    decided = deciding.decided(requirement)
    answer = AttemptRecord(
        model=by or decided.choice.model,
        provider=decided.choice.provider,
        ok=True,
        status=200,
        error="",
        input_tokens=0,
        cached_tokens=0,
        output_tokens=0,
        estimated=False,
        latency_ms=100,
        first_token_ms=10,
        started_at=datetime.now(UTC),
    )
    row, _ = outcomes.record(decided, [answer], execution_id=None, step_id=None, agent="quality")
    return row


def outcome(requirement: Requirement = CHAT, *, success: bool = True, by: str = "") -> Outcome:
    """The same, with what its checks said."""
    return checked(decision(requirement, by=by), success=success)


def checked(row: Decision, *, success: bool = True) -> Outcome:
    """What the checks of a stored decision say."""
    verdicts.checked(row.pk, success=success, confidence=8.0 if success else 2.0)
    stored: Outcome = row.outcomes.get()
    return stored
