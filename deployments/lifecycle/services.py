"""A service: a project's place on a target in an environment; the only writer of Service."""

import hashlib
from typing import Any
from uuid import UUID

from django.contrib.postgres.functions import TransactionNow
from django.db.models import F

from deployments.lifecycle.pace import FIRST_WATCH_S
from deployments.models import Deployment, Project, Service
from tenants.owned import current_tenant_id
from tenants.registry import tenant_by_id

MOST_NAME = 63  # a DNS label
TENANT_PART, PROJECT_PART, HASH_PART = 16, 28, 10
OURS = "miosa-"  # what every name begins with; nothing else at a target is ever touched


def name_of(tenant_slug: str, project: Project, *, target: str, environment: str) -> str:
    """Return the service's name at its target: readable, a DNS label, and the same whenever it is asked for."""
    place = f"{project.tenant_id}/{project.pk}/{target}/{environment}"
    mark = hashlib.sha256(place.encode()).hexdigest()[:HASH_PART]
    readable = f"{_label(tenant_slug, TENANT_PART)}-{_label(project.slug, PROJECT_PART)}"
    return f"{OURS}{readable}-{mark}"[:MOST_NAME]


def find_or_make(project: Project, *, target: str, environment: str) -> tuple[Service, bool]:
    """Return the service of this place, locked, and whether it is new; one that was destroyed comes back.

    Any number may ask at once: its name is unique.
    """
    tenant = tenant_by_id(str(current_tenant_id()))
    name = name_of(str(tenant), project, target=target, environment=environment)
    fresh = Service(project=project, target=target, environment=environment, name=name)
    Service.objects.bulk_create([fresh], ignore_conflicts=True)
    row: Service = Service.objects.select_for_update().get(target=target, name=name)
    if row.state == Service.State.DESTROYED:
        unsettled = F("generation") if row.settled == row.generation else F("generation") + 1
        _change(
            row, state=Service.State.ACTIVE, generation=unsettled, url="", current_id=None, external_id=""
        )
        return row, True
    return row, row.pk == fresh.pk


def locked(service_id: UUID) -> Service | None:
    """Return a service locked until the transaction ends; None where there is none."""
    row: Service | None = Service.objects.select_for_update().filter(pk=service_id).first()
    return row


def named(row: Service, external_id: str) -> None:
    """Record the target's own name of it; an empty one where the target has lost it."""
    if row.external_id != external_id:
        _change(row, external_id=external_id)


def serves(row: Service, deployment: Deployment) -> None:
    """Record which deployment serves, and that it is healthy; it is looked at again soon."""
    _change(
        row,
        current_id=deployment.pk,
        url=deployment.url or row.url,
        health=Service.Health.HEALTHY,
        failures=0,
        check_after=TransactionNow() + FIRST_WATCH_S,
    )


def want(row: Service, **values: Any) -> None:
    """Change what is wanted of a locked service; its target is brought there by whoever looks next."""
    _change(row, generation=row.generation + 1, check_after=TransactionNow(), **values)


def note(row: Service, **values: Any) -> None:
    """Record what was seen of a service."""
    _change(row, **values)


def _change(row: Service, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=[*values, "updated"])
    row.refresh_from_db(fields=list(values))


def _label(text: str, length: int) -> str:
    plain = "".join(one if one.isascii() and one.isalnum() else "-" for one in text.lower())
    return plain[:length].strip("-") or "x"
