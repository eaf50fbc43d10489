"""The plan of an execution as a graph: how each step stands, what waits for what, and what was added on the way."""

from typing import Any
from uuid import UUID

from agents import insight, repairs, replanning
from agents.executions import CONCLUDE, PLAN
from agents.handing_over import HANDED
from agents.models import Step

ADDED_BY = ("plan", "repair", "handover", "replan")


def graph(execution_id: UUID) -> dict[str, Any]:
    """Return the graph of one of the current tenant's executions; raises NotFound.

    An edge leads from what is waited for to what waits. What waits for nothing waits for the plan.
    """
    execution = insight.execution(execution_id)
    steps = sorted(execution.steps.all(), key=lambda step: step.position)
    keys = {step.key for step in steps}
    edges = [
        {"before": key, "after": step.key}
        for step in steps
        for key in (step.depends_on or [PLAN])
        if key in keys and key != step.key
    ]
    return {
        "execution_id": execution.pk,
        "state": execution.state,
        "steps": [_node(step) for step in steps],
        "edges": edges,
    }


def added_by(step: Step) -> str:
    """Return what a step is there for: one of ADDED_BY."""
    if step.key in {PLAN, CONCLUDE}:
        return "plan"
    if replanning.is_replan(step) or replanning.was_added(step):
        return "replan"
    if repairs.was_added(step):
        return "repair"
    return "handover" if step.reason.startswith(HANDED) else "plan"


def _node(step: Step) -> dict[str, Any]:
    names = (
        "key", "agent", "purpose", "reason", "depends_on", "state", "success", "confidence", "waits_for", "error",
        "started", "finished",
    )  # fmt: skip
    return {**{name: getattr(step, name) for name in names}, "added_by": added_by(step)}
