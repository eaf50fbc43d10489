"""The agents there are, and how each has done; derived from the steps, so it equals them after any restart."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count, Max, Q

from agents.contract import Agent
from agents.models import Step
from agents.roster import ROSTER


@dataclass(frozen=True, slots=True)
class Standing:
    """What an agent has done for the current tenant. `mean_*` are None before the first result."""

    agent: str
    total: int
    successful: int
    failed: int
    mean_confidence: float | None
    mean_ms: float | None
    last_finished: Any


NO_STANDING = Standing("", 0, 0, 0, None, None, None)


def agent(kind: str) -> Agent:
    """Return the agent of a kind; raises KeyError for an unknown one."""
    return ROSTER[kind]


def standings() -> dict[str, Standing]:
    """Return the standing of every kind that has ended a step, by kind."""
    rows = (
        Step.objects.filter(state__in=[Step.State.COMPLETED, Step.State.FAILED])
        .values("agent")
        .annotate(
            total=Count("id"),
            successful=Count("id", filter=Q(success=True)),
            mean_confidence=Avg("confidence"),
            mean_ms=Avg("execution_ms"),
            last_finished=Max("finished"),
        )
    )
    return {row["agent"]: _standing(row) for row in rows}


def standing(kind: str) -> Standing:
    """Return one kind's standing, all zero before its first result."""
    return standings().get(kind) or NO_STANDING


def _standing(row: dict[str, Any]) -> Standing:
    confidence, ms = row["mean_confidence"], row["mean_ms"]
    return Standing(
        agent=row["agent"],
        total=row["total"],
        successful=row["successful"],
        failed=row["total"] - row["successful"],
        mean_confidence=None if confidence is None else round(float(confidence), 2),
        mean_ms=None if ms is None else round(float(ms), 1),
        last_finished=row["last_finished"],
    )
