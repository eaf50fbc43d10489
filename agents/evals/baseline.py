"""Scores held against those that ship with the project: what is worse than chance allows is a regression.

Without a model every run gives the same scores, so any case that falls is a regression. With a model answers
scatter: an agent has regressed when its mean falls by more than two standard errors of its cases' differences, and by
more than `LEAST_FALL`; all agents together likewise. A case that is new, or was skipped on either side, is not compared.
"""

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.evals.running import Scored

SHIPPED = Path(__file__).with_name("baseline.json")
LEAST_FALL = 0.05
ERRORS = 2.0  # standard errors; about one false alarm in forty for an agent with many cases
ALL = "all agents"
EXACT = "none"  # the model of runs that have no chance in them

Scores = Mapping[str, Mapping[str, float]]  # by agent, then by case


@dataclass(frozen=True, slots=True)
class Compared:
    """One agent now and before; `before` None where there is nothing to compare with. `worse` is the regression."""

    agent: str
    now: float
    before: float | None
    cases: int
    skipped: int
    worse: str = ""


def scores_of(scored: Sequence[Scored]) -> dict[str, dict[str, float]]:
    """Return the scores by agent and case, without what was skipped."""
    found: dict[str, dict[str, float]] = {}
    for one in scored:
        if one.score is not None:
            found.setdefault(one.case.agent, {})[one.name] = one.score
    return found


def read(path: Path, model: str) -> Scores:
    """Return the stored scores of runs with this model; empty where there are none. Raises ValueError for another file."""
    if not path.exists():
        return {}
    stored: Any = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(stored, dict):
        raise ValueError(f"{path.name} holds no scores")  # noqa: TRY004  the file's fault, not a type's
    return dict(stored.get(model, {}))


def write(path: Path, model: str, scored: Sequence[Scored]) -> None:
    """Store the scores of this run beside those of other models; agents that did not run keep theirs."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    stored[model] = {**stored.get(model, {}), **scores_of(scored)}
    path.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def compare(scored: Sequence[Scored], before: Scores, *, model: str) -> list[Compared]:
    """Return every agent, and all together where a model answered, held against the baseline."""
    now, agents = scores_of(scored), list(dict.fromkeys(one.case.agent for one in scored))
    rows = [_agent(agent, scored, now.get(agent, {}), before.get(agent, {}), model) for agent in agents]
    falls = [fall for agent in agents for fall in _falls(now.get(agent, {}), before.get(agent, {}))]
    if model != EXACT and falls and (worse := _by_chance(falls)):
        both = [agent for agent in agents if agent in before]
        mean_now = statistics.fmean(score for agent in both for score in now[agent].values())
        mean_before = statistics.fmean(score for agent in both for score in before[agent].values())
        rows.append(Compared(ALL, mean_now, mean_before, len(falls), 0, worse))
    return rows


def _agent(
    agent: str, scored: Sequence[Scored], now: Mapping[str, float], before: Mapping[str, float], model: str
) -> Compared:
    cases = [one for one in scored if one.case.agent == agent]
    common = sorted(set(now) & set(before))
    worse = _exactly(now, before, common) if model == EXACT else _by_chance(list(_falls(now, before)))
    return Compared(
        agent,
        statistics.fmean(now.values()) if now else 0.0,
        statistics.fmean(before[name] for name in common) if common else None,
        len(now),
        len(cases) - len(now),
        worse,
    )


def _falls(now: Mapping[str, float], before: Mapping[str, float]) -> Iterator[float]:
    return (before[name] - now[name] for name in sorted(set(now) & set(before)))


def _exactly(now: Mapping[str, float], before: Mapping[str, float], common: Sequence[str]) -> str:
    fallen = [f"{name} {before[name]:.2f} → {now[name]:.2f}" for name in common if now[name] < before[name]]
    return "; ".join(fallen)


def _by_chance(falls: Sequence[float]) -> str:
    if not falls:
        return ""
    mean = statistics.fmean(falls)
    error = statistics.stdev(falls) / len(falls) ** 0.5 if len(falls) > 1 else 0.0
    allowed = max(LEAST_FALL, ERRORS * error)
    return f"the mean fell by {mean:.3f}, {allowed:.3f} is allowed" if mean > allowed else ""
