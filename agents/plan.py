"""A plan: who does what after whom, and whether that can be carried out."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

MAX_STEPS = 8
# The steps around every plan, and those that are added to one while it is carried out.
RESERVED_KEYS = re.compile(r"plan|conclude|(?:replan|repair|review)-\d+")
CODE_WRITERS = frozenset({"development"})


class UnusablePlan(ValueError):  # noqa: N818 - it reads as what happened
    """The plan cannot be carried out; the message says what to change."""


@dataclass(frozen=True)
class PlannedStep:
    """One agent's part; `instruction` is what it is told, `reason` why this agent was chosen.

    `permits` are tools with effects that it may use without asking a person each time; `expects` is the evidence that
    shall be there when it is done, in words.
    """

    key: str
    agent: str
    purpose: str
    instruction: str
    depends_on: tuple[str, ...] = ()
    reason: str = ""
    permits: tuple[str, ...] = ()
    expects: str = ""


@dataclass(frozen=True)
class Plan:
    """The steps in an order in which they could run one by one; `explanation` is shown to the person who asked."""

    steps: tuple[PlannedStep, ...]
    source: Literal["model", "rules"]
    explanation: str
    left_out: tuple[str, ...] = field(default=())
    unusable: str = ""  # why the plan of the model that was asked first could not be taken

    @property
    def agents(self) -> tuple[str, ...]:
        """The kinds at work, each once, in order."""
        return tuple(dict.fromkeys(step.agent for step in self.steps))

    @property
    def depends_on(self) -> Mapping[str, tuple[str, ...]]:
        """For each step the steps it waits for."""
        return {step.key: step.depends_on for step in self.steps}


def ordered(
    steps: Sequence[PlannedStep],
    *,
    known: Sequence[str],
    there: Collection[str] = (),
    taken: Collection[str] = (),
    most: int = MAX_STEPS,
) -> tuple[PlannedStep, ...]:
    """Return the steps with every step after those it waits for; raises UnusablePlan.

    `there` are keys of steps that were done before and may be waited for, `taken` others that nobody may have.
    """
    _refuse(steps, known=known, there=there, most=most)
    if used := sorted({step.key for step in steps} & {*there, *taken}):
        raise UnusablePlan(f"these keys belong to steps that are over: {', '.join(used)}")
    done: list[PlannedStep] = []
    waiting = list(steps)
    while waiting:
        keys = {*there, *(step.key for step in done)}
        ready = [step for step in waiting if keys.issuperset(step.depends_on)]
        if not ready:
            circle = ", ".join(step.key for step in waiting)
            raise UnusablePlan(f"these steps wait for each other in a circle: {circle}")
        done += ready
        waiting = [step for step in waiting if step not in ready]
    return tuple(done)


def _refuse(steps: Sequence[PlannedStep], *, known: Sequence[str], there: Collection[str], most: int) -> None:
    keys = [step.key for step in steps]
    unknown = sorted({step.agent for step in steps} - set(known))
    missing = sorted({key for step in steps for key in step.depends_on} - {*keys, *there})
    reserved = sorted(filter(RESERVED_KEYS.fullmatch, keys))
    faults = (
        (not steps, "a plan needs at least one step"),
        (len(steps) > most, f"a plan has at most {most} steps, not {len(steps)}"),
        (bool(unknown), f"there is no agent named {', '.join(unknown)}"),
        (len(set(keys)) < len(keys), "two steps have the same key"),
        (bool(reserved), f"these keys are taken: {', '.join(reserved)}"),
        (bool(missing), f"no step has the key {', '.join(missing)}"),
    )
    for wrong, message in faults:
        if wrong:
            raise UnusablePlan(message)


def unreviewed(steps: Sequence[PlannedStep]) -> tuple[str, ...]:
    """Return the keys of the steps that write code which no quality step waits for."""
    seen = {key for step in steps if step.agent == "quality" for key in step.depends_on}
    return tuple(step.key for step in steps if step.agent in CODE_WRITERS and step.key not in seen)
