"""The read side of agents: for the API, the event stream and the admin."""

from typing import Any, cast
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from agents import below, profiles_in_force, registry
from agents.models import Execution, ExecutionEvent
from agents.registry_kinds import PROFILES
from deployments import approvals
from miosa.http.problem import NotFound
from miosa.pg.replica import may_lag
from tenants.event_feed import Page

EVENTS_AT_ONCE = 200


def executions() -> QuerySet[Execution]:
    """Return the current tenant's executions; `waiting` tells whether somebody was asked and has not answered."""
    asked = approvals.pending().filter(execution_id=OuterRef("pk"))
    rows: Any = Execution.objects.annotate(waiting=Exists(asked))
    return cast(QuerySet[Execution], rows)


def waits_for_person(row: Execution) -> bool:
    """Tell whether an execution that has not ended waits for somebody's word."""
    if row.ended:
        return False
    waiting: bool | None = getattr(row, "waiting", None)
    return approvals.pending().filter(execution_id=row.pk).exists() if waiting is None else waiting


def execution(execution_id: UUID) -> Execution:
    """Return one of the current tenant's executions with its steps; raises NotFound, for a foreign one too.

    `with_below` tells what it has used together with those below it.
    """
    row = executions().prefetch_related("steps").filter(pk=execution_id).first()
    if row is None:
        raise NotFound("There is no such execution.")
    row.with_below = below.used_with_below(row)  # type: ignore[attr-defined]
    return row


def events_after(execution_id: UUID, number: int) -> Page:
    """Return the events of an execution after `number`, in order; raises NotFound."""
    row = executions().only("state").filter(pk=execution_id).first()
    if row is None:
        raise NotFound("There is no such execution.")
    found = ExecutionEvent.objects.filter(execution_id=execution_id, number__gt=number).order_by("number")
    events = [
        {"number": e.number, "kind": e.kind, "at": e.created.isoformat(), "data": e.data}
        for e in found[:EVENTS_AT_ONCE]
    ]
    return Page(events, ended=row.ended and len(events) < EVENTS_AT_ONCE)


@may_lag
def roster() -> list[dict[str, Any]]:
    """Return every agent with its purpose, capabilities and standing in the current tenant."""
    standings, versions = registry.standings(), profiles_in_force.versions()
    return [_agent(kind, standings.get(kind) or registry.NO_STANDING, versions) for kind in PROFILES]


@may_lag
def agent(kind: str) -> dict[str, Any]:
    """Return one agent; raises NotFound."""
    if kind not in PROFILES:
        raise NotFound(f"There is no agent {kind!r}; there are {', '.join(PROFILES)}.")
    return _agent(kind, registry.standing(kind), profiles_in_force.versions())


def _agent(kind: str, standing: registry.Standing, versions: dict[str, str]) -> dict[str, Any]:
    profile = PROFILES[kind]
    return {
        "kind": kind,
        "purpose": profile.purpose,
        "capabilities": [name.rstrip("*") for name in profile.capabilities],
        "task_kind": profile.task_kind,
        "mode": profile.mode,
        "prompt_version": versions.get(kind, profile.prompt_version),
        "total": standing.total,
        "successful": standing.successful,
        "failed": standing.failed,
        "mean_confidence": standing.mean_confidence,
        "mean_ms": standing.mean_ms,
        "last_finished": standing.last_finished,
    }
