"""The cases that ship with the project: what is asked, what stands beside it, and properties that the result has to have."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.contract import Handover, Task
from agents.executions import LEADER, PLAN

SETS = Path(__file__).with_name("sets")
LEAST_CASES = 5


@dataclass(frozen=True)
class Case:
    """One case. `expects` are rows {property: argument}; `needs` names what it cannot do without (sandbox, model)."""

    agent: str
    name: str
    request: str
    instruction: str = ""
    handovers: tuple[Handover, ...] = ()
    facts: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    expects: Sequence[Mapping[str, Any]] = ()
    needs: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The step of an execution it stands for."""
        return PLAN if self.agent == LEADER else self.agent

    @property
    def task(self) -> Task:
        """The case as the task of its agent."""
        return Task(
            id=self.name,
            input=self.instruction or self.request,
            request=self.request,
            type=self.agent,
            handovers=self.handovers,
        )


def agents_with_sets() -> list[str]:
    """Return the agents that have cases, in the order of the alphabet."""
    return sorted(path.stem for path in SETS.glob("*.json"))


def cases_of(agent: str) -> list[Case]:
    """Return the cases of an agent; raises FileNotFoundError where it has none."""
    return list(_read(agent, json.loads((SETS / f"{agent}.json").read_text(encoding="utf-8"))))


def _read(agent: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Case]:
    for row in rows:
        handed = tuple(_handover(one) for one in row.get("handovers", ()))
        rest = {name: value for name, value in row.items() if name not in {"handovers", "needs"}}
        yield Case(agent=agent, handovers=handed, needs=tuple(row.get("needs", ())), **rest)


def _handover(row: Mapping[str, Any]) -> Handover:
    return Handover(step=row["agent"], purpose="", **{"output": "", **row})
