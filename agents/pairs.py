"""What the pairs of a replay come to: means, wins, and what an answer of either kind costs."""

import statistics
from collections.abc import Sequence
from typing import Any

from agents.looks import Look
from agents.models import ProposalTrial
from billing.money import format_usd


def summary(trials: Sequence[ProposalTrial], look: Look) -> dict[str, Any]:
    """Return the figures of a look; scores are 0 to 1, differences -1 to 1, costs in micro-dollars."""
    return {
        "pairs": len(trials),
        "old_mean": round(statistics.fmean(one.old_score for one in trials), 4),
        "new_mean": round(statistics.fmean(one.new_score for one in trials), 4),
        "mean_difference": round(look.mean, 4),
        "better": sum(one.difference > 0 for one in trials),
        "worse": sum(one.difference < 0 for one in trials),
        "ties": sum(one.difference == 0 for one in trials),
        "judged": sum(bool(one.judge) for one in trials),
        "alpha": look.alpha,
        "cost_micros": sum(one.cost_micros for one in trials),
        "old_cost_micros": sum(one.old_cost_micros for one in trials),
        "new_cost_micros": sum(one.new_cost_micros for one in trials),
    }


def costs_told(trials: Sequence[ProposalTrial]) -> str:
    """Return what a step costs with the proposal and without, "" where both are free."""
    old, new = (sum(getattr(one, f"{arm}_cost_micros") for one in trials) for arm in ("old", "new"))
    if not old and not new:
        return ""
    count = max(1, len(trials))
    return f"; a step costs {format_usd(round(new / count))} instead of {format_usd(round(old / count))}"
