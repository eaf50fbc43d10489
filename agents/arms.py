"""Both arms of a change at live work: executions that asked with it and without, side by side, and bounds for the difference.

One execution is one value, the mean of the agent's steps in it: steps of one execution are alike, and counting each
would make the bounds believe more than was seen.
"""

from dataclasses import asdict
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from statistics import fmean
from typing import Any

from agents.confidence import by_checks
from agents.contract import Evidence
from agents.models import Proposal, Step
from agents.sequences import Comparison, compare

MOST_SEEN = 50_000  # executions of both arms together, the first to end: no look grows without end


def compared(row: Proposal, *, since: datetime, alpha: float) -> Comparison:
    """Compare the executions that began since then and ended, by the prompt version each asked with."""
    old, new = _scores(row, since)
    return compare(old, new, alpha=alpha)


def is_full(found: Comparison) -> bool:
    """Tell whether as many executions were seen as ever will be."""
    return found.old.count + found.new.count >= MOST_SEEN


def shown(found: Comparison, *, alpha: float) -> dict[str, Any]:
    """Return a comparison as it is stored; scores and bounds are 0 to 1, their differences -1 to 1."""
    return {
        "old": asdict(found.old), "new": asdict(found.new), "low": round(found.low, 4),
        "high": round(found.high, 4), "alpha": alpha,
    }  # fmt: skip


def told(found: Comparison) -> str:
    """Return a comparison in words."""
    return (
        f"{found.new.mean:.3f} in {found.new.count} executions against {found.old.mean:.3f} in {found.old.count};"
        f" the difference lies between {found.low:+.3f} and {found.high:+.3f}"
    )


def _scores(row: Proposal, since: datetime) -> tuple[list[float], list[float]]:
    """Return one score (0 to 1) for each execution of the old arm and of the new, in the order they ended.

    Both arms are cut at the same moment: one that went on longer would have seen other tasks.
    """
    ended = (
        Step.objects.filter(
            agent=row.agent,
            prompt_version__in=(row.base_version, row.new_version),
            execution__created__gte=since,
            execution__finished__isnull=False,
            state__in=[Step.State.COMPLETED, Step.State.FAILED],
        )
        .order_by("execution__finished", "execution_id", "prompt_version")
        .values_list("execution_id", "prompt_version", "state", "evidence", "success")
    )
    found: dict[str, list[float]] = {row.base_version: [], row.new_version: []}
    whole = groupby(ended.iterator(), key=itemgetter(0, 1))
    for (_, version), steps in islice(whole, MOST_SEEN):
        found[version].append(fmean(_worth(*step[2:]) for step in steps))
    return found[row.base_version], found[row.new_version]


def _worth(state: str, evidence: list[dict[str, Any]], success: bool) -> float:
    done = state == Step.State.COMPLETED and (evidence or success)
    return by_checks(tuple(Evidence(**one) for one in evidence)) if done else 0.0
