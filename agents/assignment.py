"""What a step's agent is told: its instruction, the whole request, and what the steps before it left."""

from agents.contract import Context, Handover, Task
from agents.executions import CONCLUDE, PLAN
from agents.models import Execution, Step


def task_of(execution: Execution, step: Step) -> Task:
    """Return the step as the task of its agent."""
    return Task(
        id=str(step.pk),
        input=step.instruction if step.key != CONCLUDE else execution.request,
        request=execution.request,
        type=step.agent,
        purpose=step.purpose,
        parameters=execution.parameters,
        context=Context(
            tenant=str(execution.tenant_id), user=execution.requested_by, conversation=execution.conversation
        ),
        handovers=_handovers(execution, step),
        priority=execution.mode,
    )


def _handovers(execution: Execution, step: Step) -> tuple[Handover, ...]:
    """Return what all steps before this one left, near and far ones, in the order of the plan."""
    steps = {one.key: one for one in execution.steps.exclude(key=PLAN).order_by("position")}
    wanted: set[str] = set()
    open_keys = list(step.depends_on)
    while open_keys:
        key = open_keys.pop()
        if key in steps and key not in wanted:
            wanted.add(key)
            open_keys += steps[key].depends_on
    return tuple(
        Handover(
            step=one.key,
            agent=one.agent,
            purpose=one.purpose,
            output=one.output or one.error,
            data=one.data,
            success=bool(one.success),
            confidence=float(one.confidence or 0),
        )
        for one in steps.values()
        if one.key in wanted
    )
