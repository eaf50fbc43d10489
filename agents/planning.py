"""Plan a request: by a capable model whose plan is checked, otherwise by rules, and say which."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agents.contract import Embed, Evidence, ModelUnavailable, Profile, Reply
from agents.plan import MAX_STEPS, Plan, PlannedStep, UnusablePlan, ordered, unreviewed
from agents.registry_kinds import ORCHESTRATOR, PROFILES
from agents.rule_plan import PURPOSES, rule_plan
from agents.verifiers import weights
from agents.verifiers.finding import finding
from agents.verifiers.structure import invalid

# A plan by rules chooses by these where no word names an agent; then it is a guess and says so.
UNNAMED = ("nearest in meaning", "nothing in it names one agent")
PLAN_USABLE = "the model's plan can be used"
Ask = Callable[..., Reply]  # Workbench.ask of a bench whose model can plan
NO_TOOLS: Mapping[str, str] = {}
MOST_NAMED = 100  # paths in the question
MODEL_TRIES = 2  # the first answer and one repair
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


def plan(
    request: str,
    *,
    ask: Ask | None,
    embed: Embed | None,
    online: bool = False,
    tools: Mapping[str, str] = NO_TOOLS,
    files: Sequence[str] = (),
    profile: Profile = ORCHESTRATOR,
) -> Plan:
    """Return the plan of a request. `ask` is None where no capable model is at hand; then rules plan.

    `online`: what is made shall go online, so the plan ends with a deployment of what was reviewed. `tools` are those with
    effects that a plan may let its steps use, with what they do. `files` are the paths of what came with the request,
    `profile` is the orchestrator's that is in force.

    A model's plan that stays unusable after one repair gives way to the rules, and the explanation says so.
    """
    purposes = {kind: profile.purpose for kind, profile in PROFILES.items()}
    if ask is None:
        return rule_plan(request, embed=embed, purposes=purposes, online=online, files=files)
    try:
        came = _with_files(request, files)
        return _model_plan(came, ask, profile, online=online, tools=tools)
    except (UnusablePlan, ModelUnavailable) as failure:
        by_rules = rule_plan(request, embed=embed, purposes=purposes, online=online, files=files)
        said = f"The model's plan was not usable ({failure}). {by_rules.explanation}"
        fault = (
            str(failure) if isinstance(failure, UnusablePlan) else ""
        )  # a model that is away planned nothing wrong
        return Plan(by_rules.steps, "rules", said, by_rules.left_out, fault)


def plan_evidence(made: Plan) -> tuple[Evidence, ...]:
    """Return what speaks for a plan: nothing of the request is left out, and its agents are there for a reason."""
    whole = finding(
        "every clause has its agents",
        passed=not made.left_out,
        weight=weights.PLAN_WHOLE,
        detail="; ".join(made.left_out),
    )
    if made.source == "model":
        return whole, finding("the plan can be carried out", passed=True, weight=weights.PLAN_BY_MODEL)
    if made.unusable:  # the rules may have done well; the model that was asked did not
        return whole, finding(PLAN_USABLE, passed=False, weight=weights.PLAN_UNUSABLE, detail=made.unusable)
    guessed = [step.key for step in made.steps if step.reason.startswith(UNNAMED)]
    return whole, finding(
        "the words name who is needed",
        passed=not guessed,
        weight=weights.PLAN_BY_WORDS,
        detail=", ".join(guessed),
    )


def _with_files(request: str, files: Sequence[str]) -> str:
    return f"{request}\n\nFiles that came with it: {', '.join(files[:MOST_NAMED])}" if files else request


def _model_plan(request: str, ask: Ask, leader: Profile, *, online: bool, tools: Mapping[str, str]) -> Plan:
    roster = "\n".join(f"- {kind}: {profile.purpose}" for kind, profile in PROFILES.items())
    if tools:
        listed = "\n".join(f"- {name}: {does}" for name, does in tools.items())
        roster += f"\n{leader.asks['permits'].format(tools=listed)}"
    question = leader.asks["plan"].format(agents=roster, request=request, max_steps=MAX_STEPS)
    fault = ""
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
            return _read(reply, online=online, tools=tools)
        except UnusablePlan as found:
            fault = str(found)
    raise UnusablePlan(fault)


def _read(reply: Reply, *, online: bool, tools: Mapping[str, str]) -> Plan:
    try:
        answer = json.loads(_object(reply.text))
    except ValueError as error:
        raise UnusablePlan("the answer is not one JSON object") from error
    fault = invalid(answer, PLAN_SCHEMA)
    if fault:
        raise UnusablePlan(fault)
    if strange := {name for one in answer["steps"] for name in one.get("permits", ())} - set(tools):
        raise UnusablePlan(f"no tool with effects is named {', '.join(sorted(strange))}")
    steps = [
        PlannedStep(
            one["key"],
            one["agent"],
            PURPOSES.get(one["agent"], ""),
            one["instruction"],
            tuple(dict.fromkeys(one["depends_on"])),
            "chosen by the planning model",
            tuple(dict.fromkeys(one.get("permits", ()))),
            one.get("expects", ""),
        )
        for one in answer["steps"]
    ]
    return Plan(
        ordered(_shipped(_reviewed(steps)) if online else _reviewed(steps), known=tuple(PROFILES)),
        "model",
        f"Planned by {reply.model}: {answer['reasoning']}",
    )


def _object(text: str) -> str:
    """Return the outermost JSON object of an answer that may stand in a fence."""
    return text[text.find("{") : text.rfind("}") + 1]


def _reviewed(steps: list[PlannedStep]) -> list[PlannedStep]:
    """Code is never handed out unreviewed: add the quality step a planner forgot."""
    missing = unreviewed(steps)
    if not missing:
        return steps
    key = next(
        name
        for name in ("quality", *(f"quality-{n}" for n in range(2, 20)))
        if name not in {s.key for s in steps}
    )
    review = PlannedStep(
        key,
        "quality",
        PURPOSES["quality"],
        "Review the code and run its tests",
        missing,
        "code is always reviewed",
    )
    return [*steps, review]


def _shipped(steps: list[PlannedStep]) -> list[PlannedStep]:
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
    said = "Release what was reviewed and bring it online"
    return [
        *steps,
        PlannedStep("deployment", "deployment", PURPOSES["deployment"], said, reviews, "it shall go online"),
    ]
