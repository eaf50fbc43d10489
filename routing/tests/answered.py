"""Decisions that a model has answered, as rows: what feedback and verdicts speak of."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from routing import board, outcomes
from routing.attempt_record import AttemptRecord
from routing.decided import Decided
from routing.models import Decision
from routing.requirement import Requirement
from routing.router import decide
from routing.scoreboard import Scoreboard

NEED = Requirement("chat")
MODEL = "openai/gpt-oss-20b"


def answered(
    *,
    by: str = MODEL,
    ok: bool = True,
    execution_id: UUID | None = None,
    age: timedelta = timedelta(0),
    agent: str = "quality",
) -> Decision:
    """Store a decision of the current tenant with one call, made so long ago."""
    attempt = AttemptRecord(
        model=by,
        provider="groq",
        ok=ok,
        status=200 if ok else 503,
        error="" if ok else "overloaded",
        input_tokens=100,
        cached_tokens=0,
        output_tokens=50,
        estimated=False,
        latency_ms=100,
        first_token_ms=10,
        started_at=datetime.now(UTC),
    )
    known = board.known()
    here = Scoreboard(board.catalog(), known.snapshot, providers={"groq", "moonshot", "local"})
    decided = Decided(uuid7(), NEED, decide(here, NEED), known)
    decision, _ = outcomes.record(decided, [attempt], execution_id=execution_id, step_id=None, agent=agent)
    if age:
        Decision.objects.filter(pk=decision.pk).update(created=datetime.now(UTC) - age)
        decision.refresh_from_db()
    return decision
