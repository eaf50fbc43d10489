"""Where an execution stands when something of its plan could not be done: what a new plan is made from; plain values."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

COMPLETED, WAITING = "completed", "waiting"


@dataclass(frozen=True)
class Stood:
    """How one step stands; `told` is the beginning of its result, or of its error, `instruction` that of its own."""

    key: str
    agent: str
    instruction: str
    state: str
    told: str = ""
    depends_on: tuple[str, ...] = ()
    permits: tuple[str, ...] = ()
    expects: str = ""
    purpose: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Stood":
        """Return a step from JSON."""
        lists = {name: tuple(row[name]) for name in ("depends_on", "permits")}
        return cls(**{**row, **lists})


@dataclass(frozen=True)
class Situation:
    """The steps of the plan, those that could not be done, and how many steps a new plan may have."""

    failed: tuple[str, ...]
    steps: tuple[Stood, ...]
    most: int

    @property
    def done(self) -> tuple[Stood, ...]:
        """What is there already: a new plan may wait for it, and may not do it again."""
        return tuple(one for one in self.steps if one.state == COMPLETED)

    @property
    def waiting(self) -> tuple[Stood, ...]:
        """What waits for what could not be done."""
        return tuple(one for one in self.steps if one.state == WAITING)

    @property
    def over(self) -> tuple[str, ...]:
        """The keys of what failed, was skipped or left out."""
        return tuple(one.key for one in self.steps if one.state not in {COMPLETED, WAITING})

    @property
    def permitted(self) -> frozenset[str]:
        """The tools that the steps were permitted which a new plan stands in for."""
        stood_for = [one for one in self.steps if one.key in self.failed or one.state == WAITING]
        return frozenset(name for one in stood_for for name in one.permits)

    @property
    def because(self) -> str:
        """Why a new plan is needed, in a sentence's half."""
        failed = [one for one in self.steps if one.key in self.failed]
        return "; ".join(f"{one.agent} could not do its part ({one.told})" for one in failed)

    def as_text(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def of(cls, text: str) -> "Situation":
        """Return it from its JSON."""
        read = json.loads(text)
        return cls(tuple(read["failed"]), tuple(Stood.of(one) for one in read["steps"]), read["most"])
