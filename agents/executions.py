"""The life of an execution and its steps; the only writer of Execution, Step and ExecutionEvent.

Every function writes in the caller's transaction; those that change a step lock its execution first,
so that two steps ending at once see each other.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.functions import TransactionNow
from django.db.models import F
from django.utils import timezone

from agents.leases import Claim, renew
from agents.models import Execution, ExecutionEvent, Step
from agents.plan import Plan, PlannedStep
from agents.storable import storable

PLAN, CONCLUDE = "plan", "conclude"
LEADER = "orchestrator"
MOST_WHY = 300  # characters of what a step waits for
TERMINAL = frozenset({Step.State.COMPLETED, Step.State.FAILED, Step.State.SKIPPED, Step.State.CANCELLED})
BROKEN = frozenset({Step.State.FAILED, Step.State.SKIPPED, Step.State.CANCELLED})


def open_execution(request: str, *, ceiling_micros: int, requested_by: str, **fields: Any) -> Execution:
    """Write a pending execution with its first step, the plan."""
    execution: Execution = Execution.objects.create(
        request=request, ceiling_micros=ceiling_micros, requested_by=requested_by, **fields
    )
    Step.objects.create(
        execution=execution,
        key=PLAN,
        position=0,
        agent=LEADER,
        purpose="Choose the agents and their order",
        instruction=request,
        state=Step.State.READY,
        rung=TransactionNow(),
    )
    tell(execution.pk, "task_created", request=request)
    return execution


def lend(execution_id: UUID, micros: int) -> None:
    """Move a part of an execution's ceiling to one below it; a negative amount comes back."""
    Execution.objects.filter(pk=execution_id).update(lent_micros=F("lent_micros") + micros)


def begin(held: Claim) -> tuple[Execution, Step] | None:
    """Mark the claimed step's start and return what it is about; None where its execution is paused.

    Raises LostLease when it was cancelled.
    """
    execution = _locked(held.execution_id)
    renew(held)
    if execution.paused:
        Step.objects.filter(pk=held.step_id).update(
            state=Step.State.HELD, lease_owner="", lease_until=None, attempt=F("attempt") - 1
        )
        return None
    step: Step = Step.objects.get(pk=held.step_id)
    if execution.state == Execution.State.PENDING:
        execution.state, execution.started = Execution.State.IN_PROGRESS, timezone.now()
        execution.save(update_fields=["state", "started"])
        tell(execution.pk, "task_started")
    if not step.waits_for:  # one that looks again whether it can go on has started long ago
        tell(
            execution.pk,
            "agent_started",
            step=step.key,
            agent=step.agent,
            purpose=step.purpose,
            attempt=step.attempt,
        )
    return execution, step


def hold(execution: Execution, approval_id: UUID) -> None:
    """Let the steps of an execution wait for a person's word."""
    execution.approval_id = approval_id
    Execution.objects.filter(pk=execution.pk).update(approval_id=approval_id)
    tell(execution.pk, "task_held", approval_id=approval_id)


def speak(held: Claim, step: Step, prompt_version: str) -> None:
    """Write down which version of its prompt a claimed step asks with, whatever comes of it."""
    if step.prompt_version != prompt_version:
        step.prompt_version = prompt_version
        Step.objects.filter(pk=held.step_id, fence=held.fence).update(prompt_version=prompt_version)


def complete(held: Claim, values: Mapping[str, Any], *, told: Mapping[str, Any]) -> Step:
    """Record the result of a claimed step; raises LostLease when it is no longer ours."""
    _locked(held.execution_id)
    renew(held)
    return _end(held, Step.State.COMPLETED, values, told)


def fail(held: Claim, error: str, *, cause: str = Execution.Cause.ERROR) -> Step:
    """Record that a claimed step cannot be done, and what kind of thing stopped it."""
    _locked(held.execution_id)
    renew(held)
    return _end(held, Step.State.FAILED, {"error": storable(error), "cause": cause}, {"error": error})


def retry(held: Claim, error: str, *, after_s: float) -> None:
    """Give a claimed step back, to be tried again after so many seconds."""
    renew(held)
    Step.objects.filter(pk=held.step_id).update(
        state=Step.State.READY,
        run_after=TransactionNow() + timedelta(seconds=after_s),
        rung=None,
        lease_owner="",
        lease_until=None,
        error=storable(error),
        errors=F("errors") + 1,
    )
    tell(held.execution_id, "agent_retried", step=held.key, error=error)


def postpone(held: Claim, why: str, *, after_s: float) -> None:
    """Give a claimed step back that can only go on later; that is no error and no attempt. `why` is told once."""
    renew(held)
    told = storable(why)[:MOST_WHY]
    rows = Step.objects.filter(pk=held.step_id)
    if rows.exclude(waits_for=told).exists():
        tell(held.execution_id, "agent_waits", step=held.key, why=told)
    due = TransactionNow() + timedelta(seconds=after_s)
    rows.update(
        state=Step.State.READY,
        run_after=due,
        rung=due,
        lease_owner="",
        lease_until=None,
        waits_for=told,
        attempt=F("attempt") - 1,
    )


def lay_out(execution_id: UUID, plan: Plan) -> None:
    """Write the planned steps behind the plan, and the concluding one behind them."""
    last = PlannedStep(
        CONCLUDE,
        LEADER,
        "Bring the parts into one answer",
        "Conclude",
        tuple(step.key for step in plan.steps),
    )
    Step.objects.bulk_create(
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
        )
        for position, step in enumerate([*plan.steps, last], start=1)
    )
    Execution.objects.filter(pk=execution_id).update(
        plan_source=plan.source, plan_explanation=plan.explanation
    )
    shown = [
        {"step": s.key, "agent": s.agent, "purpose": s.purpose, "depends_on": list(s.depends_on),
         "permits": list(s.permits), "expects": s.expects}
        for s in plan.steps
    ]  # fmt: skip
    tell(execution_id, "plan_made", source=plan.source, explanation=plan.explanation, steps=shown)


def advance(execution_id: UUID) -> list[UUID]:
    """Make ready what waits for nothing more; return the ids of the steps that became ready.

    What needs a step that was not done is skipped; only the leader goes on from it, to conclude or to plan anew.
    """
    steps = list(Step.objects.filter(execution_id=execution_id).order_by("position"))
    states = {step.key: step.state for step in steps}
    ready = []
    for step in steps:
        if step.state != Step.State.WAITING or any(states[key] not in TERMINAL for key in step.depends_on):
            continue
        broken = step.agent != LEADER and any(states[key] in BROKEN for key in step.depends_on)
        step.state = states[step.key] = Step.State.SKIPPED if broken else Step.State.READY
        step.rung = step.run_after = TransactionNow()
        step.finished = timezone.now() if broken else None
        step.save(update_fields=["state", "rung", "run_after", "finished"])
        if broken:
            tell(execution_id, "agent_skipped", step=step.key, agent=step.agent)
        else:
            ready.append(step.pk)
    return ready


def finish(execution_id: UUID, state: str, **values: Any) -> Execution:
    """End an execution; its reservation is settled by the caller in the same transaction."""
    execution = _locked(execution_id)
    execution.state, execution.finished = state, timezone.now()
    for name, value in values.items():
        setattr(execution, name, value)
    told = {
        "confidence": execution.confidence,
        "cost_micros": execution.cost_micros,
        "error": execution.error,
        "cause": execution.cause,
    }
    tell(execution_id, f"task_{state}", **told)
    execution.save(update_fields=["state", "finished", *values])
    return execution


def cancel_steps(execution_id: UUID) -> None:
    """Take every step that has not ended away from whoever works on it."""
    _locked(execution_id)
    Step.objects.filter(execution_id=execution_id).exclude(state__in=TERMINAL).update(
        state=Step.State.CANCELLED, lease_until=None, lease_owner="", finished=timezone.now()
    )


def tell(execution_id: UUID, kind: str, **data: Any) -> None:
    """Append an event. The counter in the execution's row keeps the numbers in order of commit.

    Nothing follows the end: what a worker still has to say of a cancelled execution is not written.
    """
    if not Execution.objects.filter(pk=execution_id, finished=None).update(events=F("events") + 1):
        return
    number = Execution.objects.values_list("events", flat=True).get(pk=execution_id)
    ExecutionEvent.objects.create(execution_id=execution_id, number=number, kind=kind, data=storable(data))


def _locked(execution_id: UUID) -> Execution:
    execution: Execution = Execution.objects.select_for_update().get(pk=execution_id)
    return execution


def _end(held: Claim, state: str, values: Mapping[str, Any], told: Mapping[str, Any]) -> Step:
    step: Step = Step.objects.get(pk=held.step_id)
    step.state, step.finished, step.lease_owner, step.lease_until = state, timezone.now(), "", None
    for name, value in values.items():
        setattr(step, name, value)
    step.save()
    tell(held.execution_id, "agent_finished", step=step.key, agent=step.agent, state=state, **told)
    return step
