"""What people do to an execution that is under way: cancel it, pause it, let it go on. Each act is audited."""

from uuid import UUID

from django.db import transaction

from agents import endings, steering
from agents.models import Execution
from agents.tasks import ring_step
from billing import quota
from miosa.http.problem import Conflict, NotFound
from tenants import audit

REST_S = 7 * 24 * 3600  # so long the money of a paused execution stays set aside


def cancel(execution_id: UUID) -> Execution:
    """Cancel an execution of the current tenant; raises NotFound, or Conflict when it has ended."""
    with transaction.atomic():
        execution = _running(execution_id)
        cancelled = endings.cancel(execution_id)
        _record("cancelled", execution, cancelled.state, cost_micros=cancelled.cost_micros)
        return cancelled


def pause(execution_id: UUID) -> Execution:
    """Let no step of an execution begin; those that run end first. Raises NotFound, Conflict."""
    with transaction.atomic():
        execution = _running(execution_id)
        if execution.paused:
            raise Conflict("This execution is paused already.")
        steering.pause(execution)
        quota.extend(execution.reference, lease_s=REST_S)
        _record("paused", execution, "paused")
    return execution


def resume(execution_id: UUID) -> Execution:
    """Let a paused execution go on. Raises NotFound, and Conflict also where its money was given back meanwhile."""
    with transaction.atomic():
        execution = _running(execution_id)
        if not execution.paused:
            raise Conflict("This execution is not paused.")
        if not quota.extend(execution.reference):
            raise Conflict(
                "It rested for so long that its money was given back: cancel it, and go on from it in a new one (forks)."
            )
        ready = steering.resume(execution)
        _record("resumed", execution, execution.state)
        for step_id in ready:
            transaction.on_commit(lambda step_id=step_id: ring_step(str(execution.tenant_id), step_id))  # type: ignore[misc]
    return execution


def _running(execution_id: UUID) -> Execution:
    """Return an execution that has not ended, locked."""
    execution: Execution | None = Execution.objects.select_for_update().filter(pk=execution_id).first()
    if execution is None:
        raise NotFound("There is no such execution.")
    if execution.ended:
        raise Conflict(f"This execution is {execution.state} already.")
    return execution


def _record(what: str, execution: Execution, after: str, **more: int) -> None:
    audit.record(
        f"execution.{what}",
        actor=audit.current_actor(),
        object_type="execution",
        object_id=execution.pk,
        before={"state": execution.state},
        after={"state": after, **more},
    )
