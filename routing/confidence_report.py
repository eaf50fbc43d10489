"""How well confidences told what happened, by agent: the numbers behind the reliability diagram."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from routing import calibrations
from routing.calibrations import FULL, Labelled
from routing.models import Outcome
from routing.reliability import scores
from routing.reliability.bins import Bin, reliability

ALL = "all agents"
LABELS = {"people": ("feedback",), "judge": ("judge",), "both": ("feedback", "judge"), "checks": ("checks",)}


class AgentReport(NamedTuple):
    """`ece`, `brier` and `brier_constant` (of the best constant for the same answers) of confidences as shown today,
    `ece_unmapped` and `brier_unmapped` of what record and checks alone say; all 0 to 1.
    """

    agent: str
    n: int
    ece: float
    brier: float
    brier_constant: float
    ece_unmapped: float
    brier_unmapped: float
    bins: list[Bin]


def report(*, since: datetime | None = None, labels: str = "both") -> list[AgentReport]:
    """Return the current tenant's report, all agents together first; `labels` is one of LABELS.

    With "checks" the label is the verdict of the same checks that made the confidence: a circle, for a first look.
    """
    by_agent: dict[str, list[Labelled]] = defaultdict(list)
    for one in calibrations.labelled(since=since, sources=LABELS[labels]):
        by_agent[ALL].append(one)
        by_agent[one.agent or "no agent"].append(one)
    order = sorted(by_agent, key=lambda agent: (agent != ALL, agent))
    return [_of(agent, by_agent[agent]) for agent in order]


def labels_there() -> dict[str, int]:
    """Return how many outcomes each source has said of the current tenant's decisions."""
    return {source: Outcome.objects.filter(source=source).count() for source in Outcome.Source.values}


def _of(agent: str, rows: Sequence[Labelled]) -> AgentReport:
    happened = [row.happened for row in rows]
    unmapped = [row.confidence for row in rows]
    shown = [calibrations.calibrated(row.agent, FULL * row.confidence) / FULL for row in rows]
    brier = scores.brier(shown, happened)
    return AgentReport(
        agent=agent,
        n=len(rows),
        ece=scores.ece(shown, happened),
        brier=brier.score,
        brier_constant=brier.constant,
        ece_unmapped=scores.ece(unmapped, happened),
        brier_unmapped=scores.brier(unmapped, happened).score,
        bins=reliability(shown, happened),
    )
