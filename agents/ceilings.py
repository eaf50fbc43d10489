"""Where an execution stops by itself: too many tokens, steps, hours of work, or the same thing done again and again."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from agents.models import Execution, Step

MOST_REPEATS = 3
Cause = Execution.Cause


class Stopped(Exception):  # noqa: N818  it reads as what happened
    """The execution may not go on; `cause` says why in a word."""

    def __init__(self, cause: str, said: str) -> None:
        super().__init__(said)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What one execution may use at the most."""

    tokens: int
    steps: int
    work_s: int


@dataclass(frozen=True, slots=True)
class Used:
    """What it has used: tokens of all models, steps of its plan with each try that ended in an error, seconds that agents worked."""

    tokens: int
    steps: int
    work_s: float

    def with_more(self, *, tokens: int = 0, work_s: float = 0) -> "Used":
        """Return the same with what a step that is under way used."""
        return Used(self.tokens + tokens, self.steps, self.work_s + work_s)


NOTHING = Used(0, 0, 0.0)


def ceilings() -> Ceilings:
    """Return those that the operator set."""
    here = settings.ENVIRONMENT
    return Ceilings(here.execution_tokens, here.execution_steps, here.execution_work_s)


def used(steps: Sequence[Step]) -> Used:
    """Return what all the steps of an execution have used."""
    return Used(
        sum(step.tokens for step in steps), tries(steps), sum(step.execution_ms or 0 for step in steps) / 1000
    )


def tries(steps: Iterable[Step]) -> int:
    """Return how many steps there are, one that is tried again counted anew."""
    return sum(1 + step.errors for step in steps)


def check(done: Used, most: Ceilings) -> None:
    """Raise Stopped where a ceiling is passed; to reach it is allowed."""
    passed = (
        (
            done.tokens > most.tokens,
            Cause.TOKENS,
            f"{done.tokens:,} tokens are used, and {most.tokens:,} allowed (MIOSA_EXECUTION_TOKENS)",
        ),
        (
            done.steps > most.steps,
            Cause.STEPS,
            f"it has {done.steps} steps, counting each try, and {most.steps} are allowed (MIOSA_EXECUTION_STEPS)",
        ),
        (
            done.work_s > most.work_s,
            Cause.TIME,
            f"{done.work_s:,.0f} s were worked, and {most.work_s:,} allowed (MIOSA_EXECUTION_WORK_S)",
        ),
    )
    for is_passed, cause, said in passed:
        if is_passed:
            raise Stopped(
                cause, f"The execution was stopped: {said}. Ask for less at once, or for more to be allowed."
            )


@dataclass
class Repeats:
    """What one agent did with its tools in one step."""

    agent: str
    _done: "Counter[bytes]" = field(default_factory=Counter)

    def note(self, tool: str, /, **arguments: Any) -> None:
        """Count a use of a tool. Raises Stopped at the third that is the same in everything."""
        said = json.dumps([tool, arguments], sort_keys=True, default=str)
        mark = hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()
        self._done[mark] += 1
        if self._done[mark] >= MOST_REPEATS:
            raise Stopped(
                Cause.REPEATS,
                f"The execution was stopped: {self.agent} used {tool} {MOST_REPEATS} times with the same arguments. A fork may tell"
                f" that step what it misses.",
            )
