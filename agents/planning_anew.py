"""Plan anew what is still missing where a step could not be done: a capable model's plan under the rules of the first one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from agents.contract import Profile
from agents.plan import Plan, PlannedStep, UnusablePlan, ordered
from agents.plan_by_model import Ask, by_model, reviewed, roster, shipped, with_files
from agents.registry_kinds import PROFILES
from agents.situation import Situation, Stood
from agents.text.fence import fenced

SHOWN = ("key", "agent", "instruction", "depends_on", "state", "told")


def plan_anew(
    situation: Situation,
    request: str,
    *,
    ask: Ask,
    profile: Profile,
    online: bool = False,
    tools: Mapping[str, str],
    files: Sequence[str] = (),
) -> Plan:
    """Return the steps of a new way: new ones, and those that waited and are kept, which wait for what it says.

    `tools` are those with effects that a plan may permit at all; of these it may permit what the steps were permitted that it
    stands in for. What the steps said is shown as data. Raises UnusablePlan, and ModelUnavailable as `ask` does.
    """
    usable = {name: does for name, does in tools.items() if name in situation.permitted}
    question = profile.asks["replan"].format(
        agents=roster(profile, usable),
        request=with_files(request, files),
        failed=", ".join(situation.failed),
        waiting=", ".join(one.key for one in situation.waiting) or "none",
        plan=fenced(_shown(situation), origin="the steps so far"),
        max_steps=situation.most,
    )
    return by_model(
        question,
        ask,
        profile,
        tools=usable,
        checked=lambda steps: _checked(steps, situation, online=online),
    )


def _checked(steps: list[PlannedStep], now: Situation, *, online: bool) -> tuple[PlannedStep, ...]:
    """Return the new steps in order, where they and what is done make a plan that could have been a first one."""
    kept = {one.key: one for one in now.waiting}
    there = [_planned(one, one.depends_on) for one in now.done]
    done, taken = {one.key for one in there}, {*now.over, *kept}
    whole = [*there, *(_kept(step, kept[step.key]) if step.key in kept else step for step in steps)]
    whole = reviewed(whole, taken=taken)
    if online:
        whole = shipped(whole, taken=taken)
    # What is done already keeps its places in front; one of its keys used once more is a fault.
    new = whole[len(there) :]
    return ordered(new, known=tuple(PROFILES), there=done, taken=now.over, most=now.most)


def _kept(step: PlannedStep, waited: Stood) -> PlannedStep:
    """A step that waited stays as it was planned; only what it waits for is the new plan's."""
    if step.agent != waited.agent:
        raise UnusablePlan(f"the step {step.key} is {waited.agent}'s: give another one a new key")
    return _planned(waited, step.depends_on)


def _planned(stood: Stood, depends_on: tuple[str, ...]) -> PlannedStep:
    return replace(
        PlannedStep(stood.key, stood.agent, stood.purpose, stood.instruction, depends_on),
        permits=stood.permits,
        expects=stood.expects,
    )


def _shown(situation: Situation) -> str:
    rows = [{name: getattr(one, name) for name in SHOWN} for one in situation.steps]
    return json.dumps(rows, ensure_ascii=False, indent=1)
