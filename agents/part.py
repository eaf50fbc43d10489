"""Do one step's part with a bench: plan, work as the agent does, or conclude; live and in replays alike."""

from dataclasses import dataclass

from agents import registry
from agents.conclusion import conclude
from agents.contract import Result, Task, Workbench
from agents.executions import CONCLUDE, PLAN
from agents.plan import Plan
from agents.planning import plan, plan_evidence
from agents.registry_kinds import ORCHESTRATOR


@dataclass(frozen=True, slots=True)
class Done:
    """What came of working on a step; `plan` only from the plan step."""

    result: Result
    plan: Plan | None = None


def done(key: str, task: Task, bench: Workbench, *, online: bool = False) -> Done:
    """Do the part of the step with this key. `online`: what a plan leads to shall go online."""
    if key == PLAN:
        profile = bench.in_force(ORCHESTRATOR)
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
    return Done(registry.agent(task.type).execute(task, bench))
