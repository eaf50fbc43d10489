"""How an execution ends: its use posted, its reservation settled, its cause said; in the caller's transaction."""

from typing import Any
from uuid import UUID

from django.db import transaction

from agents import below, executions
from agents.models import Execution, Step
from billing import ledger, quota
from billing.agreements import cost_of_use
from deployments import approvals, questions

Cause = Execution.Cause
MESSAGE = "message.send"  # as gates asks about it; what is asked about a deployment outlasts its execution


def cancel(execution_id: UUID) -> Execution:
    """End an execution at once; a model call in flight notices within a heartbeat."""
    with transaction.atomic():
        executions.cancel_steps(execution_id)
        return finished(execution_id, Execution.State.CANCELLED, cause=Cause.CANCELLED)


def concluded(row: Step) -> Execution:
    """End an execution as its concluding step says; where parts are missing, the first of them says why."""
    state, cause = Execution.State.COMPLETED, str(Cause.NONE)
    if not row.success:
        steps = Step.objects.filter(execution_id=row.execution_id).exclude(cause="").order_by("position")
        state, cause = Execution.State.FAILED, steps.values_list("cause", flat=True).first() or Cause.ERROR
    return finished(
        row.execution_id, state, output=row.output, data=row.data, confidence=row.confidence, error=row.error, cause=cause
    )  # fmt: skip


def finished(execution_id: UUID, state: str, **values: Any) -> Execution:
    """End an execution in a state, with what its row shall hold, and those below it that still go on."""
    for below_id in below.open_below(execution_id):
        cancel(below_id)
    ledger.post(
        "executions", 1, cost_micros=cost_of_use("executions", 1), source="execution", source_id=f"{execution_id}",
        execution_id=execution_id, description=f"execution, {state}",
    )  # fmt: skip
    cost = ledger.spent_on(execution_id)
    if state != Execution.State.COMPLETED:  # to get there every question was answered
        approvals.withdraw(execution_id, kinds=(questions.SPEND, questions.TOOL, MESSAGE))
    execution = executions.finish(execution_id, state, cost_micros=cost, **values)
    quota.settle(execution.reference, cost)
    below.ended(execution, cost + execution.lent_micros)
    return execution
