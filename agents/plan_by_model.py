"""Ask a capable model for the steps of a plan, have them mended once, and add what no plan may lack."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from textwrap import shorten
from typing import Any

from agents.contract import Profile, Reply
from agents.plan import MAX_STEPS, Plan, PlannedStep, UnusablePlan, unreviewed
from agents.registry_kinds import PROFILES
from agents.rule_plan import PURPOSES
from agents.verifiers.structure import invalid

Ask = Callable[..., Reply]  # Workbench.ask of a bench whose model can plan
Checked = Callable[[list[PlannedStep]], tuple[PlannedStep, ...]]  # raises UnusablePlan
LeftOut = Callable[[Sequence[PlannedStep]], tuple[str, ...]]  # what of the request no step takes up
NO_TOOLS: Mapping[str, str] = {}
MODEL_TRIES = 2  # the first answer and one repair
MOST_NAMED = 100  # paths in the question
MOST_PURPOSE = 120  # letters: what a step is for, where people see many steps
PLAN_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["reasoning", "steps"],
    "additionalProperties": False,
    "properties": {
        "reasoning": {"type": "string", "minLength": 1, "maxLength": 600},
        "steps": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_STEPS,
            "items": {
                "type": "object",
                "required": ["key", "agent", "instruction", "depends_on"],
                "additionalProperties": False,
                "properties": {
                    "key": {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,39}$"},
                    "agent": {"type": "string", "enum": list(PROFILES)},
                    "instruction": {"type": "string", "minLength": 3, "maxLength": 600},
                    "depends_on": {"type": "array", "items": {"type": "string"}, "maxItems": MAX_STEPS},
                    "permits": {"type": "array", "items": {"type": "string"}, "maxItems": MAX_STEPS},
                    "expects": {"type": "string", "maxLength": 300},
                },
            },
        },
    },
}


def roster(leader: Profile, tools: Mapping[str, str]) -> str:
    """Return the agents, and the tools with effects that a plan may permit, as a question for a plan names them."""
    told = "\n".join(f"- {kind}: {profile.purpose}" for kind, profile in PROFILES.items())
    if not tools:
        return told
    listed = "\n".join(f"- {name}: {does}" for name, does in tools.items())
    return f"{told}\n{leader.asks['permits'].format(tools=listed)}"


def with_files(request: str, files: Sequence[str]) -> str:
    """Return a request with the paths of what came with it."""
    return f"{request}\n\nFiles that came with it: {', '.join(files[:MOST_NAMED])}" if files else request


def by_model(
    question: str,
    ask: Ask,
    leader: Profile,
    *,
    tools: Mapping[str, str],
    checked: Checked,
    left_out: LeftOut = lambda _: (),
) -> Plan:
    """Return the plan that a model answers, as `checked` leaves it. Raises UnusablePlan, ModelUnavailable.

    One that leaves something out is mended once as well; it is taken all the same where no whole one comes.
    """
    fault, kept = "", None  # what is wrong with the last answer, and the fullest plan so far
    for _ in range(MODEL_TRIES):
        prompt = f"{question}\n\n{leader.asks['repair'].format(fault=fault)}" if fault else question
        reply = ask(
            prompt,
            system=leader.prompt,
            task_kind=leader.task_kind,
            mode=leader.mode,
            max_output_tokens=1200,
            schema=PLAN_SCHEMA,
            temperature=0.0,
        )
        if not reply.capable:
            raise UnusablePlan("the model that answered is too small to plan")
        try:
            steps, reasoning = _read(reply, tools)
            made = Plan(checked(steps), "model", f"Planned by {reply.model}: {reasoning}")
        except UnusablePlan as found:
            fault = str(found)
            continue
        missing = left_out(made.steps)
        if not missing:
            return made
        named = "; ".join(f"“{one}”" for one in missing)
        fault = f"no step is told of {named}"
        if kept is None or len(missing) < len(kept.left_out):
            kept = replace(made, left_out=missing, explanation=f"{made.explanation} Not planned: {named}.")
    if kept is None:
        raise UnusablePlan(fault)
    return kept


def reviewed(steps: list[PlannedStep], *, taken: Collection[str] = ()) -> list[PlannedStep]:
    """Code is never handed out unreviewed: add the quality step a planner forgot, under a key that is not taken."""
    missing = unreviewed(steps)
    if not missing:
        return steps
    key = _free("quality", steps, taken)
    said = "Review the code and run its tests"
    review = PlannedStep(key, "quality", PURPOSES["quality"], said, missing, "code is always reviewed")
    return [*steps, review]


def shipped(steps: list[PlannedStep], *, taken: Collection[str] = ()) -> list[PlannedStep]:
    """What shall go online is deployed after its review: add the step a planner forgot, and make it wait."""
    reviews = tuple(step.key for step in steps if step.agent == "quality")
    if not reviews:
        raise UnusablePlan("what shall go online is written by development and reviewed by quality first")
    if any(step.agent == "deployment" for step in steps):
        return [
            replace(step, depends_on=tuple(dict.fromkeys([*step.depends_on, *reviews])))
            if step.agent == "deployment"
            else step
            for step in steps
        ]
    key = _free("deployment", steps, taken)
    said = "Release what was reviewed and bring it online"
    return [
        *steps,
        PlannedStep(key, "deployment", PURPOSES["deployment"], said, reviews, "it shall go online"),
    ]


def _free(name: str, steps: list[PlannedStep], taken: Collection[str]) -> str:
    used = {*taken, *(step.key for step in steps)}
    return next(key for key in (name, *(f"{name}-{n}" for n in range(2, 99))) if key not in used)


def _read(reply: Reply, tools: Mapping[str, str]) -> tuple[list[PlannedStep], str]:
    """Return the steps of an answer and its reasoning."""
    try:
        answer = json.loads(_object(reply.text))
    except ValueError as error:
        raise UnusablePlan("the answer is not one JSON object") from error
    fault = invalid(answer, PLAN_SCHEMA)
    if fault:
        raise UnusablePlan(fault)
    if strange := {name for one in answer["steps"] for name in one.get("permits", ())} - set(tools):
        raise UnusablePlan(f"no tool with effects is named {', '.join(sorted(strange))}")
    return [_step(one) for one in answer["steps"]], answer["reasoning"]


def _step(one: Mapping[str, Any]) -> PlannedStep:
    return PlannedStep(
        one["key"],
        one["agent"],
        shorten(one["instruction"], MOST_PURPOSE, placeholder="…"),
        one["instruction"],
        tuple(dict.fromkeys(one["depends_on"])),
        "chosen by the planning model",
        tuple(dict.fromkeys(one.get("permits", ()))),
        one.get("expects", ""),
    )


def _object(text: str) -> str:
    """Return the outermost JSON object of an answer that may stand in a fence."""
    return text[text.find("{") : text.rfind("}") + 1]
