"""The agents there are, and how each has done; derived from the steps, so it equals them after any restart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from agents.contract import Agent
from agents.registry_kinds import AgentKind
from agents.roster import ROSTER

LAST = 200  # steps of each agent: how it does is seen from these, and reading them takes the same time in any tenant
# From the end of the index over an agent's steps; what never ended has no place in it that counts.
STANDINGS = """
SELECT kind.name, count(*), count(*) FILTER (WHERE step.success), count(*) FILTER (WHERE step.success IS NOT TRUE),
  round(avg(step.confidence), 2)::float8, round(avg(step.execution_ms), 1)::float8, max(step.finished)
FROM unnest(%s::text[]) AS kind (name), LATERAL (
  SELECT success, confidence, execution_ms, finished FROM agents_step
  WHERE agent = kind.name AND finished IS NOT NULL AND state IN ('completed', 'failed')
  ORDER BY finished DESC LIMIT %s) AS step
GROUP BY kind.name"""


@dataclass(frozen=True, slots=True)
class Standing:
    """What an agent has done for the current tenant in its last 200 steps. `mean_*` are None before the first result."""

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


def standings(kinds: Sequence[str] = tuple(AgentKind)) -> dict[str, Standing]:
    """Return the standing of every kind that has ended a step, by kind."""
    with connection.cursor() as cursor:
        cursor.execute(STANDINGS, [list(kinds), LAST])
        return {row[0]: Standing(*row) for row in cursor.fetchall()}


def standing(kind: str) -> Standing:
    """Return one kind's standing, all zero before its first result."""
    return standings([kind]).get(kind) or NO_STANDING
