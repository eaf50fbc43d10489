"""A task is accepted: money set aside, one row written, a worker called once that is committed."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from agents import artefacts, executions, forking, gates
from agents.models import Artefact, Execution, Step
from agents.tasks import ring_step
from billing import quota
from billing.subscriptions import current_plan
from miosa.http.problem import Unprocessable
from routing import insight
from tenants import audit
from tenants.key_lineage import lineage_of
from tenants.principal import key_named

NO_FILES: Mapping[str, bytes] = {}


def submit(
    request: str,
    *,
    requested_by: str,
    files: Mapping[str, bytes] = NO_FILES,
    most_micros: int | None = None,
    **fields: Any,
) -> Execution:
    """Accept a task of the current tenant. `files` are what its agents work with, by path; `most_micros`: what it may cost,
    where that is less than the plan allows.

    Raises:
        Unprocessable: a path or a size of a file is not taken.
        QuotaExceeded: the month's allowance does not cover it; nothing is left behind.
        KeyBudgetExceeded: the budget of the key that asks, or of one above it, does not.
    """
    with transaction.atomic():
        ceiling = _ceiling(requested_by) if most_micros is None else min(most_micros, _ceiling(requested_by))
        execution, first = executions.opened(
            request, ceiling_micros=ceiling, requested_by=requested_by, **fields
        )
        if files:
            artefacts.keep(execution.pk, files, origin=Artefact.Origin.PERSON)
        _admit(execution)
        transaction.on_commit(lambda: ring_step(str(execution.tenant_id), first.pk, is_new=True))
    return execution


def fork(
    origin: Execution, *, requested_by: str, first: str = "", instruction: str = "", **fields: Any
) -> Execution:
    """Go on from an execution of the current tenant in a new one: from the step `first` on everything is done anew.

    Without `first` that is the step it got stuck at. `instruction` and `fields` are what is asked differently.

    Raises:
        Unprocessable: there is no such step.
        QuotaExceeded, KeyBudgetExceeded: as for a task.
    """
    with transaction.atomic():
        try:
            made = forking.fork(
                origin,
                first=first,
                instruction=instruction,
                ceiling_micros=_ceiling(requested_by),
                requested_by=requested_by,
                **fields,
            )
        except forking.NoSuchStep as missing:
            raise Unprocessable(str(missing)) from missing
        artefacts.copy(origin.pk, made.pk)
        _admit(made)
        planned = made.steps.filter(key=executions.PLAN, state=Step.State.READY)
        ready = [*planned.values_list("pk", flat=True), *executions.advance(made.pk)]
        audit.record(
            "execution.forked",
            actor=audit.current_actor(),
            object_type="execution",
            object_id=made.pk,
            after={"origin": str(origin.pk), "from_step": made.origin_step},
        )
        for step_id in ready:
            transaction.on_commit(lambda step_id=step_id: ring_step(str(made.tenant_id), step_id))  # type: ignore[misc]
    return made


def _ceiling(requested_by: str) -> int:
    key_id = key_named(requested_by)
    caps = (
        [link.budget_micros for link in lineage_of(key_id) if link.budget_micros is not None]
        if key_id
        else []
    )
    return min([current_plan().execution_ceiling_micros, *caps])


def _admit(execution: Execution) -> None:
    """Set its money aside, and ask whoever has to be asked. Where every model at hand is free nothing can be spent, so nothing needs to be."""
    key_id = key_named(execution.requested_by)
    wanted = execution.ceiling_micros if insight.any_priced_model() else 0
    quota.reserve(execution.reference, wanted, executions=1, lineage=lineage_of(key_id) if key_id else [])
    gates.hold(execution)
