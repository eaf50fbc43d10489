"""How sure we are of a result, from what was checked; never from what an agent says of itself."""

import math
from collections.abc import Iterable, Sequence

from agents.contract import Evidence

IMPROVEMENT_BELOW = 7.0  # of 10; exactly 7.0 is good enough
NO_MODEL_PRIOR = 0.5  # a result no model took part in: only its checks speak
_EDGE = 1e-3  # priors nearer to 0 or 1 than this would drown every check
_MAX_LOG_ODDS = 12.0  # beyond this sigmoid is 0 or 1 to two decimals, and exp() stays finite
QUICK_BELOW_MS, SLOW_ABOVE_MS = 1_000, 10_000


def confidence(prior: float, evidence: Iterable[Evidence]) -> float:
    """Return 0 to 10: ten times P(success) after the evidence has moved the prior's log-odds.

    `prior` is P(success) in (0, 1) of the task and model. Without evidence it is ten times the prior.
    A passed check adds its weight, a failed one takes it away.
    """
    inside = min(1 - _EDGE, max(_EDGE, prior)) if math.isfinite(prior) else NO_MODEL_PRIOR
    moved = math.log(inside / (1 - inside)) + sum(
        one.weight if one.passed else -one.weight for one in evidence
    )
    bounded = min(_MAX_LOG_ODDS, max(-_MAX_LOG_ODDS, moved))
    return round(min(10.0, max(0.0, 10 / (1 + math.exp(-bounded)))), 2)


def by_checks(evidence: Iterable[Evidence]) -> float:
    """Return 0 to 1 from the checks alone: no model's record speaks for the result."""
    return confidence(NO_MODEL_PRIOR, evidence) / 10


def checked_out(evidence: Iterable[Evidence]) -> bool:
    """Tell whether the checks alone, without the model's record, speak for the result: no circle of praise."""
    return not needs_improvement(confidence(NO_MODEL_PRIOR, evidence))


def prior_of(priors: Sequence[float]) -> float:
    """Return the prior of a result several model answers went into: their mean, or `NO_MODEL_PRIOR`."""
    return sum(priors) / len(priors) if priors else NO_MODEL_PRIOR


def explain(
    prior: float, evidence: Sequence[Evidence], *, said: float | None = None, meant: float | None = None
) -> str:
    """Return in words where a confidence comes from.

    `said` is what record and checks say (0 to 10), `meant` what such confidences turned out to mean, where people or
    a judge have told.
    """
    moved = ""
    if said is not None and meant is not None and said != meant:
        moved = f" Answers of this agent that said {said:.1f} were right as often as {meant:.1f} should be."
    return _explained(prior, evidence) + moved


def _explained(prior: float, evidence: Sequence[Evidence]) -> str:
    if not evidence:
        return f"Nothing could be checked; this is the record of the model at such tasks alone ({10 * prior:.1f})."
    failed = [one.check for one in evidence if not one.passed]
    passed = len(evidence) - len(failed)
    start = f"Starting at {10 * prior:.1f} from the record of the model at such tasks, {passed} of {len(evidence)} checks passed"
    return f"{start}; failed: {', '.join(failed)}." if failed else f"{start}."


def execution_score(*, success: bool, confidence: float, execution_ms: int) -> float:
    """Return the score 0 to 10 of one execution: 5, +2 for success, +2 x confidence / 10, +1 quick or -1 slow."""
    pace = 1 if execution_ms < QUICK_BELOW_MS else -1 if execution_ms > SLOW_ABOVE_MS else 0
    return round(min(10.0, max(0.0, 5 + 2 * success + 2 * confidence / 10 + pace)), 2)


def needs_improvement(confidence: float, score: float = 10.0) -> bool:
    """Return whether confidence or execution score lies below `IMPROVEMENT_BELOW`."""
    return min(confidence, score) < IMPROVEMENT_BELOW
