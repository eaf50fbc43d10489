"""The orchestrator: plans, lets the agents work, and brings their parts into one answer.

Every part is a step. A step is claimed, worked on without a transaction (models and sandboxes are slow),
and recorded in one: result, outcome, memory, lesson, what became ready. It enqueues nothing; it returns
what should follow.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from agents import (
    confidence,
    endings,
    executions,
    gates,
    handing_over,
    improvement,
    leases,
    memory,
    part,
    repairs,
    replanning,
    taking,
)
from agents.assignment import shipping_of, task_of
from agents.ceilings import Stopped, used
from agents.contract import ModelUnavailable, NotYet, Result
from agents.executions import CONCLUDE, LEADER, PLAN
from agents.leases import Claim, LostLease
from agents.memory.at_work import place_of
from agents.memory.embedding import embedded, model_in_use
from agents.models import Execution, Step
from agents.part import Done
from agents.recorded import broke_off, count_earlier_tries, taken, values_of
from agents.registry_kinds import ORCHESTRATOR
from agents.workbench import LiveBench
from billing import ledger, quota
from miosa.http.problem import PaymentRequired, Problem
from routing import calibrations, verdicts
from routing.errors import EmbeddingsUnavailable

Cause = Execution.Cause
MAX_ERRORS = 3
YOUNG = timedelta(seconds=quota.LEASE_S / 6)  # so long its money is set aside for long enough anyway
BACK_OFF_S = (1, 4, 16)


@dataclass(frozen=True, slots=True)
class Followup:
    """What should be enqueued: ids of steps that became ready, of lessons to study, and of steps to look at in so many seconds.

    `taken` is a step that became ready and was claimed at once.
    """

    steps: list[UUID] = field(default_factory=list)
    lessons: list[UUID] = field(default_factory=list)
    later: list[tuple[UUID, float]] = field(default_factory=list)
    taken: LiveBench | None = None


def run_step(tenant_id: UUID, step_id: UUID) -> Followup:
    """Work on one step of the current tenant, if it is due and nobody else does."""
    return next(work_through(tenant_id, step_id, goes_on=lambda: False), Followup())


def work_through(tenant_id: UUID, step_id: UUID, *, goes_on: Callable[[], bool]) -> Iterator[Followup]:
    """Work on one step of the current tenant, if it is due and nobody else does, and yield what follows from it.

    Then on one that it made ready, for as long as `goes_on` says so: that one was claimed as it was made ready, in the same
    transaction. A message or a commit costs more than a small step does.
    """
    bench = taking.taken(tenant_id, step_id)
    while bench is not None:
        followup = _kept(bench, goes_on)
        yield followup
        bench = followup.taken


def _kept(bench: LiveBench, goes_on: Callable[[], bool]) -> Followup:
    try:
        with leases.kept(bench.held):
            return _worked(bench, goes_on)
    except LostLease:
        return _let_go(bench.held)


def _worked(bench: LiveBench, goes_on: Callable[[], bool]) -> Followup:
    execution, step = bench.execution, bench.step
    if step.attempt > leases.MAX_ATTEMPTS:
        return _failed(
            bench,
            f"Given up after {leases.MAX_ATTEMPTS} workers died at it; it may need more memory than they have.",
        )
    try:
        gates.admit(execution)
        count_earlier_tries(bench)
        bench.used = used(bench.held.steps)
        bench.check()
        return _recorded(bench, _perform(execution, step, bench), goes_on)
    except (LostLease, OperationalError, InterfaceError):
        raise  # not the step's fault: whoever claims it next goes on
    except Exception as error:  # noqa: BLE001  an agent is a plug-in: what it raises ends its step, not the worker
        return _not_done(bench, error)


def _not_done(bench: LiveBench, error: Exception) -> Followup:
    """Decide what becomes of a step that was not done, by what was in its way."""
    match error:
        case NotYet():
            return _postponed(bench, error)
        case ModelUnavailable():
            return _tried(bench, str(error), retryable=error.retryable)
        case Stopped():
            return _stopped(bench, error)
        case PaymentRequired():
            return _failed(bench, str(error), cause=Cause.MONEY)
        case Problem():  # a 422: what the agent handed in cannot be taken
            return _failed(bench, str(error), own=error.status == HTTPStatus.UNPROCESSABLE_ENTITY)
        case _:
            return _tried(bench, broke_off(bench.step, error), retryable=True, own=True)


def _perform(execution: Execution, step: Step, bench: LiveBench) -> Done:
    online = step.agent == LEADER and shipping_of(execution) is not None
    return part.done(step.key, task_of(execution, step, bench.held.steps), bench, online=online)


def _recorded(bench: LiveBench, done: Done, goes_on: Callable[[], bool]) -> Followup:
    held, step, result = bench.held, bench.step, done.result
    prior = confidence.prior_of(bench.priors)
    told_by_checks = confidence.confidence(prior, result.evidence)
    sure = calibrations.calibrated(step.agent, told_by_checks)
    pattern = _pattern(step, result, bench)
    values = values_of(bench, result, confidence=sure)
    told = {
        name: values[name]
        for name in ("success", "confidence", "model", "execution_ms", "tokens", "cost_micros")
    }
    told["because"] = confidence.explain(prior, result.evidence, said=told_by_checks, meant=sure)
    with transaction.atomic():
        row = executions.complete(held, values, told=told)
        _learn(bench, result)
        if pattern is not None:
            memory.remember_result(
                row, confidence=sure, pattern=pattern, model=model_in_use(), place=place_of(bench.execution)
            )
        lesson = improvement.queue(row) if confidence.needs_improvement(sure) else None
        ready = _next(bench.execution, row, done)
        following = taking.taken(held.tenant_id, ready[0]) if ready and goes_on() else None
    return Followup(ready[1:] if following else ready, [lesson] if lesson else [], taken=following)


def _next(execution: Execution, row: Step, done: Done) -> list[UUID]:
    """Go on behind a recorded step: write what follows from it, and return the ids of the steps that are ready now."""
    if row.key == CONCLUDE:
        endings.concluded(row)
        return []
    if timezone.now() - execution.created > YOUNG:
        quota.extend(execution.reference)
    if row.key == PLAN and done.plan:
        return executions.lay_out(row.execution_id, done.plan)
    if replanning.is_replan(row):
        replanning.settled(row, done.plan)
    else:
        repairs.lay_out(row)
    return executions.advance(row.execution_id)


def _pattern(step: Step, result: Result, bench: LiveBench) -> list[float] | None:
    """Return the embedding under which a good result is remembered; None for what is not worth it."""
    if not result.success or step.agent == LEADER:
        return None
    try:
        return embedded([step.instruction])[0]
    except EmbeddingsUnavailable:
        bench.note("This result is remembered by its words alone: embeddings are not available.")
        return []


def _learn(bench: LiveBench, result: Result) -> None:
    """Tell the router how its choices turned out, where anything was checked at all."""
    bench.judge(result.evidence)
    for (decision_id, evidence), prior in zip(bench.judged, bench.priors, strict=True):
        if evidence:
            sure = confidence.confidence(prior, evidence)
            verdicts.checked(decision_id, success=confidence.checked_out(evidence), confidence=sure)


def _tried(bench: LiveBench, error: str, *, retryable: bool, own: bool = False) -> Followup:
    if not retryable or bench.step.errors + 1 >= MAX_ERRORS:
        return _failed(bench, error, own=own)
    with transaction.atomic():
        after_s = BACK_OFF_S[bench.step.errors]
        executions.retry(bench.held, error, after_s=after_s, taken=taken(bench))
    return Followup()


def _postponed(bench: LiveBench, wait: NotYet) -> Followup:
    held = bench.held
    with transaction.atomic():
        executions.postpone(held, wait.why, after_s=wait.after_s, taken=taken(bench))
        quota.extend(Execution(pk=held.execution_id).reference)
    return Followup(later=[(held.step_id, wait.after_s)])


def _failed(bench: LiveBench, error: str, *, cause: str = Cause.ERROR, own: bool = False) -> Followup:
    """End a step that could not be done: another agent takes it over, or a new plan is asked for, or what waits is skipped.

    `own`: it is the agent's own fault, so there is something to learn.
    """
    plans = cause == Cause.ERROR and bench.capable(ORCHESTRATOR.task_kind, ORCHESTRATOR.mode)
    with transaction.atomic():
        row = executions.fail(bench.held, error, cause=cause, taken=taken(bench))
        lesson = improvement.queue(row) if own else None
        lessons = [lesson] if lesson else []
        if row.key in {PLAN, CONCLUDE}:
            endings.finished(row.execution_id, Execution.State.FAILED, error=error, cause=cause)
            return Followup(lessons=lessons)
        if not handing_over.lay_out(row) and plans:
            replanning.lay_out(row)
        return Followup(executions.advance(row.execution_id), lessons)


def _stopped(bench: LiveBench, stop: Stopped) -> Followup:
    """A ceiling is passed, or a person said no: nothing of the execution goes on."""
    held, refused = bench.held, stop.cause == Cause.REFUSED
    state = Execution.State.CANCELLED if refused else Execution.State.FAILED
    with transaction.atomic():
        executions.fail(held, str(stop), cause=stop.cause, taken=taken(bench))
        executions.cancel_steps(held.execution_id)
        endings.finished(held.execution_id, state, error=str(stop), cause=stop.cause)
    return Followup()


def _let_go(held: Claim) -> Followup:
    """A call that outlived its cancellation has cost something: settle again."""
    execution = Execution.objects.get(pk=held.execution_id)
    if execution.ended:
        quota.settle(execution.reference, ledger.spent_on(execution.pk))
    return Followup()
