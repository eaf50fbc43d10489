"""Do one step's part with a bench: plan, work as the agent does, or conclude; live and in replays alike."""

from dataclasses import dataclass

from agents import registry
from agents.conclusion import conclude
from agents.contract import Profile, Result, Task, Workbench
from agents.executions import CONCLUDE, PLAN
from agents.plan import Plan, UnusablePlan
from agents.planning import plan, plan_evidence
from agents.planning_anew import plan_anew
from agents.registry_kinds import ORCHESTRATOR
from agents.situation import Situation
from agents.verifiers import weights
from agents.verifiers.finding import finding


@dataclass(frozen=True, slots=True)
class Done:
    """What came of working on a step; `plan` only from a step that plans, at first or anew."""

    result: Result
    plan: Plan | None = None


def done(key: str, task: Task, bench: Workbench, *, online: bool = False) -> Done:
    """Do the part of the step with this key. `online`: what a plan leads to shall go online."""
    profile = bench.in_force(ORCHESTRATOR)
    if key == PLAN:
        ask = bench.ask if bench.capable(profile.task_kind, profile.mode) else None
        made = plan(
            task.asked,
            ask=ask,
            embed=bench.embed,
            online=online,
            tools=bench.changing_tools() if ask else {},
            files=tuple(bench.files()),
            profile=profile,
        )
        return Done(Result(success=True, output=made.explanation, evidence=plan_evidence(made)), made)
    if key == CONCLUDE:
        return Done(conclude(task, task.handovers, bench))
    if task.type == ORCHESTRATOR.kind:
        return _anew(task, bench, profile, online=online)
    return Done(registry.agent(task.type).execute(task, bench))


def _anew(task: Task, bench: Workbench, profile: Profile, *, online: bool) -> Done:
    """Ask for a new plan; where none is usable the result says so, and what waits is given up as without it."""
    situation, made, fault = Situation.of(task.input), None, ""
    data = {"situation": task.input}  # what it was told, so that it can be done again
    if situation.most < 1:
        fault = "the plan has no room for another step"
    elif not bench.capable(profile.task_kind, profile.mode):
        fault = "no model that can plan is at hand"
    if fault:
        return Done(Result(False, f"No new way was found: {fault}.", data, error=fault))
    try:
        made = plan_anew(
            situation,
            task.asked,
            ask=bench.ask,
            profile=profile,
            online=online,
            tools=bench.changing_tools(),
            files=tuple(bench.files()),
        )
    except UnusablePlan as unusable:
        fault = str(unusable)
    evidence = finding(
        "the plan can be carried out", passed=made is not None, weight=weights.PLAN_BY_MODEL, detail=fault
    )
    said = (
        f"It was planned anew because {situation.because}. {made.explanation}"
        if made
        else f"No new way was found: the model's plan was not usable ({fault})."
    )
    return Done(Result(made is not None, said, data, (evidence,), error=fault or None), made)
