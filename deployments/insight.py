"""The read side of deployments: for the API, the event stream and the command line."""

from heapq import merge
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from deployments.models import Deployment, DeploymentEvent, DeploymentLog, HealthCheck, Service
from deployments.models.deployment import OPEN
from miosa.http.problem import NotFound
from tenants.event_feed import Page

AT_ONCE = 200
LINE = 10**9  # a place in a stream is one number: changes times this, and lines of the log


def deployments() -> QuerySet[Deployment]:
    """Return the current tenant's deployments with what they are of."""
    rows: QuerySet[Deployment] = Deployment.objects.select_related("service__project", "release")
    return rows


def deployment(deployment_id: UUID) -> Deployment:
    """Return one deployment; raises NotFound, for a foreign one too."""
    row: Deployment | None = deployments().filter(pk=deployment_id).first()
    if row is None:
        raise NotFound("There is no such deployment.")
    return row


def services() -> QuerySet[Service]:
    """Return the current tenant's services, those that were destroyed too."""
    rows: QuerySet[Service] = Service.objects.select_related("project")
    return rows


def service(service_id: UUID) -> Service:
    """Return one service; raises NotFound."""
    row: Service | None = services().filter(pk=service_id).first()
    if row is None:
        raise NotFound("There is no such service.")
    return row


def lines(row: Deployment, after: int) -> QuerySet[DeploymentLog]:
    """Return what a deployment wrote after a number, in order."""
    found: QuerySet[DeploymentLog] = DeploymentLog.objects.filter(deployment=row, number__gt=after)
    return found.order_by("number")


def checks(row: Service) -> QuerySet[HealthCheck]:
    """Return the looks at a service, newest first."""
    found: QuerySet[HealthCheck] = HealthCheck.objects.filter(service=row).order_by("-created")
    return found


def happened_after(deployment_id: UUID, place: int) -> Page:
    """Return changes and lines of the log after a place, in order of time; raises NotFound."""
    row = Deployment.objects.only("state").filter(pk=deployment_id).first()
    if row is None:
        raise NotFound("There is no such deployment.")
    changes, written = divmod(place, LINE)
    found = DeploymentEvent.objects.filter(deployment_id=deployment_id, number__gt=changes)
    events = [(e.created, e.number, e.kind, e.data) for e in found.order_by("number")[:AT_ONCE]]
    lines = [(one.at, one.number, "log", _told(one)) for one in _lines_after(deployment_id, written)]
    page = []
    for at, number, kind, data in merge(events, lines, key=lambda one: one[0]):
        changes, written = (changes, number) if kind == "log" else (number, written)
        page.append({"number": changes * LINE + written, "kind": kind, "at": at.isoformat(), "data": data})
    whole = len(events) < AT_ONCE and len(lines) < AT_ONCE
    return Page(page, ended=row.state not in OPEN and whole)


def _lines_after(deployment_id: UUID, number: int) -> list[DeploymentLog]:
    found = DeploymentLog.objects.filter(deployment_id=deployment_id, number__gt=number)
    return list(found.order_by("number")[:AT_ONCE])


def _told(line: DeploymentLog) -> dict[str, Any]:
    return {"line": line.number, "stream": line.stream, "text": line.text}
