"""The life of an execution and its steps; with `telling` below it the only writer of Execution, Step and ExecutionEvent.

Every function writes in the caller's transaction; those that change a step lock its execution first, most of them by
telling of it, so that two steps ending at once see each other.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.functions import TransactionNow
from django.db import connection
from django.db.models import F
from django.utils import timezone

from agents.leases import Claim, renew
from agents.models import Execution, Step
from agents.plan import Plan, PlannedStep
from agents.storable import storable
from agents.telling import NO_CHANGES, end_step, tell, tell_all
from miosa.pg.reading import selected
from miosa.pg.rows import insert

PLAN, CONCLUDE = "plan", "conclude"
LEADER = "orchestrator"
TOLD_AT_THE_END = {"confidence": None, "cost_micros": 0, "error": "", "cause": Execution.Cause.NONE}
MOST_WHY = 300  # characters of what a step waits for
EXECUTION = "SELECT * FROM agents_execution WHERE id = %s"
ADVANCE = "SELECT * FROM agents_advance(%s, %s)"
RUNG = {"run_after": "now()", "rung": "CASE WHEN state = 'ready' THEN now() END"}  # by the database's clock
TERMINAL = frozenset({Step.State.COMPLETED, Step.State.FAILED, Step.State.SKIPPED, Step.State.CANCELLED})
BROKEN = frozenset({Step.State.FAILED, Step.State.SKIPPED, Step.State.CANCELLED})
Taken = Mapping[str, Any]  # columns


def open_execution(request: str, *, ceiling_micros: int, requested_by: str, **fields: Any) -> Execution:
    """Write a pending execution with its first step, the plan."""
    return opened(request, ceiling_micros=ceiling_micros, requested_by=requested_by, **fields)[0]


def opened(request: str, *, ceiling_micros: int, requested_by: str, **fields: Any) -> tuple[Execution, Step]:
    """The same, with that step, for which a worker is to be called."""
    execution = Execution(request=request, ceiling_micros=ceiling_micros, requested_by=requested_by, **fields)
    first = Step(
        execution=execution,
        key=PLAN,
        position=0,
        agent=LEADER,
        purpose="Choose the agents and their order",
        instruction=request,
        state=Step.State.READY,
    )
    insert([execution])
    insert([first], computed=RUNG)
    tell(execution.pk, "task_created", request=request)
    return execution, first


def lend(execution_id: UUID, micros: int) -> None:
    """Move a part of an execution's ceiling to one below it; a negative amount comes back."""
    Execution.objects.filter(pk=execution_id).update(lent_micros=F("lent_micros") + micros)


def hold(execution: Execution, approval_id: UUID) -> None:
    """Let the steps of an execution wait for a person's word."""
    execution.approval_id = approval_id
    Execution.objects.filter(pk=execution.pk).update(approval_id=approval_id)
    tell(execution.pk, "task_held", approval_id=approval_id)


def complete(held: Claim, values: Mapping[str, Any], *, told: Mapping[str, Any]) -> Step:
    """Record the result of a claimed step; raises LostLease when it is no longer ours."""
    return _end(held, Step.State.COMPLETED, values, told)


def fail(held: Claim, error: str, *, cause: str = Execution.Cause.ERROR, taken: Taken = NO_CHANGES) -> Step:
    """Record that a claimed step cannot be done, what kind of thing stopped it, and what it took (`recorded.taken`)."""
    return _end(
        held, Step.State.FAILED, {"error": storable(error), "cause": cause, **taken}, {"error": error}
    )


def retry(held: Claim, error: str, *, after_s: float, taken: Taken = NO_CHANGES) -> None:
    """Give a claimed step back, to be tried again after so many seconds."""
    tell(held.execution_id, "agent_retried", step=held.key, error=error)
    renew(held)
    Step.objects.filter(pk=held.step_id).update(
        state=Step.State.READY,
        run_after=TransactionNow() + timedelta(seconds=after_s),
        rung=None,
        lease_owner="",
        lease_until=None,
        error=storable(error),
        errors=F("errors") + 1,
        **taken,
    )


def postpone(held: Claim, why: str, *, after_s: float, taken: Taken = NO_CHANGES) -> None:
    """Give a claimed step back that can only go on later; that is no error and no attempt. `why` is told once."""
    told = storable(why)[:MOST_WHY]
    rows = Step.objects.filter(pk=held.step_id)
    if rows.exclude(waits_for=told).exists():
        tell(held.execution_id, "agent_waits", step=held.key, why=told)
    renew(held)
    due = TransactionNow() + timedelta(seconds=after_s)
    rows.update(
        state=Step.State.READY,
        run_after=due,
        rung=due,
        lease_owner="",
        lease_until=None,
        waits_for=told,
        attempt=F("attempt") - 1,
        **taken,
    )


def lay_out(execution_id: UUID, plan: Plan) -> list[UUID]:
    """Write the planned steps behind the plan, and the concluding one behind them; return the ids of those that are ready."""
    last = PlannedStep(
        CONCLUDE,
        LEADER,
        "Bring the parts into one answer",
        "Conclude",
        tuple(step.key for step in plan.steps),
    )
    rows = [
        Step(
            execution_id=execution_id,
            key=step.key,
            position=position,
            agent=step.agent,
            purpose=step.purpose[:200],
            instruction=step.instruction,
            reason=step.reason,
            depends_on=list(step.depends_on),
            permits=list(step.permits),
            expects=step.expects[:300],
            state=Step.State.WAITING if step.depends_on else Step.State.READY,
        )
        for position, step in enumerate([*plan.steps, last], start=1)
    ]
    insert(rows, computed=RUNG)
    shown = [
        {"step": s.key, "agent": s.agent, "purpose": s.purpose, "depends_on": list(s.depends_on),
         "permits": list(s.permits), "expects": s.expects}
        for s in plan.steps
    ]  # fmt: skip
    told = {"source": plan.source, "explanation": plan.explanation, "steps": shown}
    changes = {"plan_source": plan.source, "plan_explanation": plan.explanation}
    tell_all(execution_id, [("plan_made", told)], changes=changes)
    return [row.pk for row in rows if row.state == Step.State.READY]


def advance(execution_id: UUID) -> list[UUID]:
    """Make ready what waits for nothing more; return the ids of the steps that became ready, in order.

    What needs a step that was not done is skipped; only the leader goes on from it, to conclude or to plan anew.
    """
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, [execution_id, LEADER])
        return [step_id for (step_id,) in cursor]


def finish(execution_id: UUID, state: str, **values: Any) -> Execution:
    """End an execution; its reservation is settled by the caller in the same transaction. One that has ended stays as it is."""
    changes = {"state": state, "finished": timezone.now(), **values}
    told = {name: values.get(name, otherwise) for name, otherwise in TOLD_AT_THE_END.items()}
    tell_all(execution_id, [(f"task_{state}", told)], changes=changes)
    return selected(Execution, EXECUTION, [execution_id])[0]


def cancel_steps(execution_id: UUID) -> None:
    """Take every step that has not ended away from whoever works on it."""
    _locked(execution_id)
    Step.objects.filter(execution_id=execution_id).exclude(state__in=TERMINAL).update(
        state=Step.State.CANCELLED, lease_until=None, lease_owner="", finished=timezone.now()
    )


def _locked(execution_id: UUID) -> Execution:
    execution: Execution = Execution.objects.select_for_update().get(pk=execution_id)
    return execution


def _end(held: Claim, state: str, values: Mapping[str, Any], told: Mapping[str, Any]) -> Step:
    step = held.step
    event = {"step": step.key, "agent": step.agent, "state": state, **told}
    ended = {"state": state, "finished": timezone.now(), **values}
    if not end_step(held.execution_id, step.pk, held.fence, ended, event):
        raise held.gone()
    _set(step, ended)
    return step


def _set(row: Execution | Step, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
