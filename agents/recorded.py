"""What is written down of a step that was done: its result and what it took, in columns."""

from typing import Any

from agents.contract import Result
from agents.storable import storable
from agents.workbench import LiveBench


def values_of(bench: LiveBench, result: Result, *, confidence: float, execution_ms: int) -> dict[str, Any]:
    """Return the columns of a step's row; tokens and micro-dollars are those of all its calls."""
    answers = bench.answers
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
        "execution_ms": execution_ms,
        "model": answers[-1].model if answers else "",
        "decision_id": answers[-1].decision_id if answers else None,
        "calls": len(answers),
        "tokens": sum(answer.input_tokens + answer.output_tokens for answer in answers),
        "cost_micros": sum(answer.cost_micros for answer in answers),
    }
