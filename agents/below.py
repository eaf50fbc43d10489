"""Executions below an execution: a part of its task handed on, with a share of what it may still spend.

One for each use of the tool, however often the step comes back. The share is taken off the ceiling above, and what is not
used of it comes back at the end; so a tree of executions never spends more than its root may.
"""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum

from agents import executions
from agents.models import Execution, Step
from billing import ledger, quota
from routing import insight

OPEN_BELOW = "SELECT id FROM agents_execution WHERE parent_id = %s AND finished IS NULL"
SHARE = 0.5  # of what is left above


class TooDeep(Exception):  # noqa: N818  it reads as what happened
    """There are as many executions above as the operator allows."""


@dataclass(frozen=True, slots=True)
class Used:
    """What an execution and all below it have used so far; `executions` are those below, however deep."""

    executions: int
    cost_micros: int
    tokens: int


def found(use_id: UUID) -> Execution | None:
    """Return the execution that answers a use of a tool, if it was opened."""
    row: Execution | None = Execution.objects.filter(parent_use_id=use_id).first()
    return row


def opened(above: Execution, use_id: UUID, request: str) -> Execution:
    """Open an execution below another, once for a use. Raises TooDeep, and QuotaExceeded where money cannot be set aside."""
    if above.depth >= settings.ENVIRONMENT.execution_depth:
        raise TooDeep(f"Executions lie at most {settings.ENVIRONMENT.execution_depth} deep.")
    with transaction.atomic():
        row: Execution = Execution.objects.select_for_update().get(pk=above.pk)
        if there := found(use_id):
            return there
        left = row.ceiling_micros - row.lent_micros - ledger.spent_on(row.pk)
        share = max(0, int(left * SHARE))
        made = executions.open_execution(
            request,
            ceiling_micros=share,
            requested_by=row.requested_by,
            mode=row.mode,
            conversation=row.conversation,
            parent_id=row.pk,
            parent_use_id=use_id,
            depth=row.depth + 1,
        )
        # Nobody rings from here: beat does, within a second, for what was never rung.
        Step.objects.filter(execution=made).update(rung=None)
        executions.lend(row.pk, share)
        quota.reserve(made.reference, share if insight.any_priced_model() else 0, executions=1)
    return made


def ceiling_now(execution_id: UUID) -> int:
    """Return what an execution itself may cost at the most, in micro-dollars: those below it have the rest."""
    ceiling, lent = Execution.objects.values_list("ceiling_micros", "lent_micros").get(pk=execution_id)
    return int(ceiling - lent)


def ended(row: Execution, cost_micros: int) -> None:
    """Give back what an execution below did not use, in the transaction of its end."""
    if row.parent_id is not None:
        executions.lend(row.parent_id, cost_micros - row.ceiling_micros)


def open_below(execution_id: UUID) -> list[UUID]:
    """Return the executions right below that have not ended."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN_BELOW, [execution_id])
        return [below_id for (below_id,) in cursor]


def any_below(execution: Execution) -> bool:
    """Tell whether it handed any part of its task on."""
    return Execution.objects.filter(tenant_id=execution.tenant_id, parent_id=execution.pk).exists()


def right_below(execution: Execution) -> list[Execution]:
    """Return the executions right below, in the order in which they were opened."""
    by = {"tenant_id": execution.tenant_id, "parent_id": execution.pk}
    return list(Execution.objects.filter(**by).order_by("created", "pk"))


def used_with_below(execution: Execution) -> Used:
    """Return what an execution has used so far together with all below it."""
    rows = level = [execution]
    while level:
        above = {"tenant_id": execution.tenant_id, "parent_id__in": [one.pk for one in level]}
        level = list(Execution.objects.filter(**above).only("tenant_id", "cost_micros", "finished"))
        rows = [*rows, *level]
    cost = sum(one.cost_micros if one.finished else ledger.spent_on(one.pk) for one in rows)
    tokens = Step.objects.filter(execution__in=rows).aggregate(total=Sum("tokens"))["total"]
    return Used(len(rows) - 1, cost, tokens or 0)


def roots_request(execution: Execution) -> str:
    """Return what a person asked: the request of the execution that has none above it."""
    row = execution
    while row.parent_id is not None:
        row = Execution.objects.only("parent_id", "request").get(pk=row.parent_id)
    return row.request
