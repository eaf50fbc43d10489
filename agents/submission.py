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
from tenants import audit
from tenants.key_lineage import lineage_of
from tenants.principal import key_named


def submit(request: str, *, requested_by: str, **fields: Any) -> Execution:
    """Accept a task of the current tenant.

    Raises:
        QuotaExceeded: the month's allowance does not cover it; nothing is left behind.
        KeyBudgetExceeded: the budget of the key that asks, or of one above it, does not.
    """
    key_id = key_named(requested_by)
    lineage = lineage_of(key_id) if key_id else []
    caps = [link.budget_micros for link in lineage if link.budget_micros is not None]
    # Where every model at hand is free nothing can be spent, so nothing needs to be set aside.
    ceiling = min([current_plan().execution_ceiling_micros, *caps])
    with transaction.atomic():
        execution = executions.open_execution(
            request, ceiling_micros=ceiling, requested_by=requested_by, **fields
        )
        wanted = ceiling if insight.any_priced_model() else 0
        quota.reserve(execution.reference, wanted, executions=1, lineage=lineage)
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
        cancelled = orchestrator.cancel(execution_id)
        audit.record(
            "execution.cancelled",
            actor=audit.current_actor(),
            object_type="execution",
            object_id=execution_id,
            before={"state": execution.state},
            after={"state": cancelled.state, "cost_micros": cancelled.cost_micros},
        )
        return cancelled
