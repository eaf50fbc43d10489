"""What is written down of a step: what came of it, and what it took in all its attempts, in columns."""

import logging
import time
from typing import Any

from agents.contract import Result
from agents.models import Step
from agents.storable import storable
from agents.workbench import LiveBench
from routing import insight

logger = logging.getLogger(__name__)


def values_of(bench: LiveBench, result: Result, *, confidence: float) -> dict[str, Any]:
    """Return the columns of the row of a step that was done."""
    return {
        "success": result.success,
        "output": storable(result.output),
        "data": storable(result.data),
        "evidence": storable(
            [
                {"check": e.check, "passed": e.passed, "weight": e.weight, "detail": e.detail}
                for e in result.evidence
            ]
        ),
        "suggestions": storable(result.suggestions),
        "error": storable(result.error or ""),
        "confidence": confidence,
        **taken(bench),
    }


def taken(bench: LiveBench) -> dict[str, Any]:
    """Return what a step has taken in this attempt and all before: milliseconds, answered calls, their tokens, micro-dollars."""
    step, answers = bench.step, bench.answers
    return {
        "execution_ms": (step.execution_ms or 0) + int((time.monotonic() - bench.began) * 1000),
        "model": answers[-1].model if answers else step.model,
        "decision_id": answers[-1].decision_id if answers else step.decision_id,
        "calls": step.calls + len(answers),
        "tokens": step.tokens + sum(answer.input_tokens + answer.output_tokens for answer in answers),
        "cost_micros": step.cost_micros + sum(answer.cost_micros for answer in answers),
    }


def broke_off(step: Step, error: Exception) -> str:
    """Write an error that nobody foresaw to the log, and return what is told of it: its text may hold what nobody should read."""
    logger.error("Step %s of %s broke off", step.key, step.execution_id, exc_info=error)
    return (
        f"{step.agent} broke off ({type(error).__name__}). A retry may do; the worker's log has it, under step {step.key} of"
        f" {step.execution_id}"
    )


def count_earlier_tries(bench: LiveBench) -> None:
    """Read what the calls of a step took that somebody had before: a worker that died wrote nothing into the row."""
    step = bench.step
    if bench.held.fence > 1:
        before = insight.answered_for(step.execution_id, step.pk)
        step.calls, step.tokens, step.cost_micros = before.calls, before.tokens, before.cost_micros
