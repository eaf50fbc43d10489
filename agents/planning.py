"""Plan a request: by a capable model whose plan is checked, otherwise by rules, and say which."""

from collections.abc import Mapping, Sequence
from functools import partial

from agents.contract import Embed, Evidence, ModelUnavailable, Profile
from agents.left_out import left_out
from agents.plan import MAX_STEPS, Plan, PlannedStep, UnusablePlan, ordered
from agents.plan_by_model import NO_TOOLS, Ask, LeftOut, by_model, reviewed, roster, shipped, with_files
from agents.registry_kinds import ORCHESTRATOR, PROFILES
from agents.rule_plan import rule_plan
from agents.verifiers import weights
from agents.verifiers.finding import finding

# A plan by rules chooses by these where no word names an agent; then it is a guess and says so.
UNNAMED = ("nearest in meaning", "nothing in it names one agent")
PLAN_USABLE = "the model's plan can be used"


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

    A model's plan that stays unusable after one repair gives way to the rules, and the explanation says so; one that still leaves
    something of the request out is taken, and its evidence names that.
    """
    purposes = {kind: profile.purpose for kind, profile in PROFILES.items()}
    if ask is None:
        return rule_plan(request, embed=embed, purposes=purposes, online=online, files=files)
    try:
        whole = partial(left_out, request, embed=embed)
        return _model_plan(with_files(request, files), ask, profile, online=online, tools=tools, whole=whole)
    except (UnusablePlan, ModelUnavailable) as failure:
        by_rules = rule_plan(request, embed=embed, purposes=purposes, online=online, files=files)
        said = f"The model's plan was not usable ({failure}). {by_rules.explanation}"
        # A model that is away planned nothing wrong.
        fault = str(failure) if isinstance(failure, UnusablePlan) else ""
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


def _model_plan(
    request: str, ask: Ask, leader: Profile, *, online: bool, tools: Mapping[str, str], whole: LeftOut
) -> Plan:
    question = leader.asks["plan"].format(agents=roster(leader, tools), request=request, max_steps=MAX_STEPS)

    def checked(steps: list[PlannedStep]) -> tuple[PlannedStep, ...]:
        there = reviewed(steps)
        return ordered(shipped(there) if online else there, known=tuple(PROFILES))

    return by_model(question, ask, leader, tools=tools, checked=checked, left_out=whole)
