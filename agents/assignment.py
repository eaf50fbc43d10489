"""What a step's agent is told: its instruction, the whole request, and what the steps before it left."""

from collections.abc import Sequence

from agents.contract import Context, Evidence, Handover, Shipping, Task
from agents.executions import CONCLUDE, LEADER, PLAN
from agents.models import Execution, Step
from agents.replanning import is_replan, situation_of
from agents.text.site_kind import asks_for_site, asks_to_go_online


def task_of(execution: Execution, step: Step, steps: Sequence[Step]) -> Task:
    """Return the step as the task of its agent. `steps` are all of the execution, in order."""
    return Task(
        id=str(step.pk),
        input=_input(execution, step),
        request=execution.request,
        type=step.agent,
        purpose=step.purpose,
        parameters=execution.parameters,
        context=Context(
            tenant=str(execution.tenant_id), user=execution.requested_by, conversation=execution.conversation
        ),
        handovers=_handovers(step, steps),
        priority=execution.mode,
        shipping=shipping_of(execution),
    )


def shipping_of(execution: Execution) -> Shipping | None:
    """Return where the result shall go online: where it was asked for, or where the request's words ask for it."""
    if execution.deploy or (asks_for_site(execution.request) and asks_to_go_online(execution.request)):
        return Shipping(execution.target, execution.environment)
    return None


def _input(execution: Execution, step: Step) -> str:
    if step.key == CONCLUDE:
        return execution.request
    return situation_of(step).as_text() if is_replan(step) else step.instruction


def _handovers(step: Step, rows: Sequence[Step]) -> tuple[Handover, ...]:
    """Return what all steps before this one left, near and far ones, in the order of the plan.

    That it was planned anew is told to the conclusion alone, and what was given up for it to nobody.
    """
    concludes = step.key == CONCLUDE
    steps = {one.key: one for one in rows if one.key != PLAN and (concludes or one.agent != LEADER)}
    wanted: set[str] = set()
    open_keys = list(step.depends_on)
    while open_keys:
        key = open_keys.pop()
        if key in steps and key not in wanted:
            wanted.add(key)
            open_keys += [] if is_replan(steps[key]) else steps[key].depends_on
    return tuple(
        Handover(
            step=one.key,
            agent=one.agent,
            purpose=one.purpose,
            output=one.output or one.error,
            data=one.data,
            success=bool(one.success),
            confidence=float(one.confidence or 0),
            evidence=tuple(Evidence(**row) for row in one.evidence),
        )
        for one in steps.values()
        if one.key in wanted
    )
