"""What the page of one deployment shows: its life, why it ended as it did, its log, its health, its cost."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from deployments.admin import looks
from deployments.admin.costs import costs_of
from deployments.admin.health_picture import MOST, picture_of
from deployments.admin.log_tail import tail_of
from deployments.lifecycle.states import ENDED, State
from deployments.models import Approval, Deployment, DeploymentEvent, HealthCheck
from miosa.pages.cells import between

MOST_EVENTS = 200


def page_of(request: HttpRequest, row: Deployment) -> dict[str, Any]:
    """Return the context of its page."""
    events = DeploymentEvent.objects.filter(deployment_id=row.pk).order_by("number")[:MOST_EVENTS]
    checks = HealthCheck.objects.filter(deployment_id=row.pk).order_by("-created")[:MOST]
    linked: dict[UUID | None, Deployment] = {one.pk: one for one in _linked(row)}
    return {
        "deployment": row,
        "state": looks.state(row.state),
        "who": looks.who(row.requested_by),
        "life": life_of(row),
        "took": between(row.created, row.live_since or row.finished),
        "built": between(row.build_started, row.release_started or row.finished),
        "cost": costs_of(deployment_id=row.pk),
        "health": picture_of(list(checks)[::-1]),
        "tail": tail_of(row, follow=bool(request.GET.get("follow"))),
        "events": [{"at": e.created, "kind": e.kind, "told": told(e.data)} for e in events],
        "back_to": linked.get(row.back_to_id),
        "caused_by": linked.get(row.caused_by_id),
        "led_to": next((one for one in linked.values() if one.caused_by_id == row.pk), None),
        "approval": Approval.objects.filter(pk=row.approval_id).first() if row.approval_id else None,
        "alert": row.reason if row.state in {State.FAILED, State.CANCELED} else "",
        "serves": row.service.current_id == row.pk,
    }


def _linked(row: Deployment) -> list[Deployment]:
    """The deployments that led to this one, and the one that it led to."""
    ids = [one for one in (row.back_to_id, row.caused_by_id) if one]
    before = Deployment.objects.filter(pk__in=ids)
    after = Deployment.objects.filter(service_id=row.service_id, caused_by_id=row.pk)
    return list((before | after).select_related("release").defer("release__manifest"))


def life_of(row: Deployment) -> list[dict[str, Any]]:
    """Return the moments of a life in order: those that came, and where it goes next."""
    moments = [
        ("Asked for", row.created),
        ("Building", row.build_started),
        ("Releasing", row.release_started),
        ("Live", row.live_since),
    ]
    if row.state in ENDED:
        moments = [one for one in moments if one[1]] + [(row.state.capitalize(), row.finished)]
    latest = max((at for _name, at in moments if at), default=row.created)
    return [_moment(name, at, row.created, latest, bad=name == "Failed") for name, at in moments]


def _moment(
    name: str, at: datetime | None, start: datetime, latest: datetime, *, bad: bool
) -> dict[str, Any]:
    look = "bad" if bad else "now" if at == latest else "done" if at else "open"
    return {"name": name, "at": at, "after": between(start, at) if at and at > start else "", "look": look}


def told(data: dict[str, Any]) -> str:
    """An event's data on one line."""
    words = [
        f"{name}: {value}"
        for name, value in data.items()
        if isinstance(value, str | int | float) and value != ""
    ]
    return " · ".join(words)
