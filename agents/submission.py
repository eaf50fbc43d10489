"""A task is accepted: money set aside, one row written, a worker called once that is committed."""

from typing import Any
from uuid import UUID

from django.db import transaction

from agents import executions, orchestrator
from agents.models import Execution
from agents.tasks import ring_step
from billing import quota
from billing.subscriptions import current_plan
from miosa.http.problem import Conflict, NotFound
from routing import insight


def submit(request: str, *, requested_by: str, **fields: Any) -> Execution:
    """Accept a task of the current tenant.

    Raises:
        QuotaExceeded: the month's allowance does not cover it; nothing is left behind.
    """
    # Where every model at hand is free nothing can be spent, so nothing needs to be set aside.
    ceiling = current_plan().execution_ceiling_micros
    with transaction.atomic():
        execution = executions.open_execution(
            request, ceiling_micros=ceiling, requested_by=requested_by, **fields
        )
        quota.reserve(execution.reference, ceiling if insight.any_priced_model() else 0, executions=1)
        first = execution.steps.get(key=executions.PLAN)
        transaction.on_commit(lambda: ring_step(str(execution.tenant_id), first.pk))
    return execution


def cancel(execution_id: UUID) -> Execution:
    """Cancel an execution of the current tenant; raises NotFound, or Conflict when it has ended."""
    with transaction.atomic():
        execution: Execution | None = Execution.objects.select_for_update().filter(pk=execution_id).first()
        if execution is None:
            raise NotFound("There is no such execution.")
        if execution.ended:
            raise Conflict(f"This execution is {execution.state} already.")
        return orchestrator.cancel(execution_id)
