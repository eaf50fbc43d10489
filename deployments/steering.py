"""What people do to deployments and services: cancel, go back, suspend, resume, destroy, name hosts, decide.

Every way in (API, admin, command line) comes through here; what is wanted is written, and a worker is rung.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from deployments import approvals, launch, service_settings
from deployments.lifecycle import records, rollback, services, settling
from deployments.lifecycle.reaching import target_named
from deployments.lifecycle.states import OPEN, State
from deployments.models import Approval, Deployment, Service
from deployments.tasks import ring_deployment, ring_service
from miosa.http.problem import Conflict, NotFound, Unprocessable, invalid
from tenants import audit
from tenants.owned import current_tenant_id

MOST_HOST_NAME = 253
HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")


def cancel(deployment_id: UUID, *, actor: str) -> Deployment:
    """Ask for the end of a deployment that is not live yet; one that waits ends at once."""
    with transaction.atomic():
        row = records.locked(deployment_id)
        if row is None:
            raise NotFound("There is no such deployment.")
        if row.state not in OPEN:
            raise Conflict(f"This deployment is {row.state}: there is nothing to cancel.")
        if row.state == State.QUEUED and not row.lease_owner:
            following = records.end(row, State.CANCELED, "Canceled on request.")
        else:
            records.keep(row, cancel_asked=records.now(), run_after=records.now())
            following = [row.pk]
        audit.record("deployment.canceled", actor=actor, object_type="deployment", object_id=row.pk)
        _ring(following)
    return row


def roll_back(service_id: UUID, *, to: UUID, leaving: UUID | None, actor: str) -> Deployment:
    """Open a deployment that goes back to an earlier one; `leaving` is what whoever asks saw serving."""
    with transaction.atomic():
        service = _active(service_id)
        if service.current_id != leaving:
            raise Conflict("Another deployment serves by now: look at the service again.")
        back = Deployment.objects.select_related("release").filter(pk=to, service_id=service.pk).first()
        if back is None or back.live_since is None or back.pk == service.current_id:
            raise Conflict("It never served, or serves now: there is nothing to go back to.")
        records.supersede_queued(service.pk, reason="Somebody went back to an earlier release.")
        made = records.open_deployment(
            service,
            back.release,
            kind=Deployment.Kind.ROLLBACK,
            back_to_id=back.pk,
            reason=f"Rolled back to release {back.release.number} by hand.",
            requested_by=actor,
        )
        after = {"service": service.name, "to_release": back.release.number, "back_to": str(back.pk)}
        audit.record(
            "deployment.rolled_back", actor=actor, object_type="deployment", object_id=made.pk, after=after
        )
        _ring([made.pk])
    return made


def suggested(service: Service) -> Deployment | None:
    """Return the deployment that a service would go back to: the newest of another release that served well before."""
    current = Deployment.objects.filter(pk=service.current_id).first() if service.current_id else None
    return rollback.destination(
        service.pk, besides=service.current_id, besides_release=current.release_id if current else None
    )


def suspend(service_id: UUID, *, actor: str) -> Service:
    """Stop serving; nothing is lost."""
    with transaction.atomic():
        row = _active(service_id)
        settling.ask_for(row, settling.STATE, state=Service.State.SUSPENDED)
        _told(row, "service.suspended", actor)
    return row


def resume(service_id: UUID, *, actor: str) -> Service:
    """Serve again."""
    with transaction.atomic():
        row = services.locked(service_id)
        if row is None:
            raise NotFound("There is no such service.")
        if row.state != Service.State.SUSPENDED:
            raise Conflict(f"This service is {row.state}: there is nothing to resume.")
        settling.ask_for(row, settling.STATE, state=Service.State.ACTIVE)
        _told(row, "service.resumed", actor)
    return row


def destroy(service_id: UUID, *, actor: str) -> Service:
    """Remove a service from its target. Its releases stay: launching one of them again brings it back."""
    with transaction.atomic():
        row = services.locked(service_id)
        if row is None:
            raise NotFound("There is no such service.")
        if row.state == Service.State.DESTROYED:
            raise Conflict("This service is destroyed already.")
        records.supersede_queued(row.pk, reason="The service is destroyed.")
        settling.ask_for(row, settling.STATE, state=Service.State.DESTROYED)
        _told(row, "service.destroyed", actor)
    return row


def name_hosts(service_id: UUID, names: Sequence[str], *, actor: str) -> Service:
    """Make these the host names of a service; its target says what to put into the DNS.

    Raises Unprocessable: one is no host name, or the target has none.
    """
    plain = sorted({name.strip().lower().rstrip(".") for name in names})
    if wrong := [name for name in plain if len(name) > MOST_HOST_NAME or not HOST_NAME.fullmatch(name)]:
        raise Unprocessable(
            errors=[invalid(f"{wrong[0]!r} is not a host name like www.example.org", "domains")]
        )
    with transaction.atomic():
        row = _active(service_id)
        if not target_named(row.target).capabilities().domains:
            raise Unprocessable(f"The target {row.target} has no host names of its own.")
        known = {one["name"]: one for one in row.domains}
        wanted = [known.get(name, {"name": name, "verified": False, "record": ""}) for name in plain]
        settling.ask_for(row, settling.DOMAINS, domains=wanted)
        _told(row, "service.domains_named", actor)
    return row


def configure(service_id: UUID, changes: Mapping[str, Any], *, actor: str) -> Service:
    """Change settings of a service; None takes one back to what holds for all. Raises Unprocessable.

    What a running app cannot take over holds from its next deployment on.
    """
    with transaction.atomic():
        row = services.locked(service_id)
        if row is None:
            raise NotFound("There is no such service.")
        before = service_settings.shown(row.settings)
        wanted = service_settings.changed(row.settings, changes)
        if wanted == row.settings:
            return row
        row.settings = wanted
        settling.ask_for(row, settling.SETTINGS)
        after = {"settings": service_settings.shown(wanted)}
        _told(row, "service.configured", actor, before={"settings": before}, after=after)
    return row


def decide(approval_id: UUID, *, approve: bool, digest: str, actor: str, note: str = "") -> Approval:
    """Say yes or no to one exact effect; a deployment that waited for it goes, or ends.

    It is locked before its approval, as by whoever cancels it: one of the two comes first, and the other is told.
    """
    with transaction.atomic():
        for waiting in Deployment.objects.filter(approval_id=approval_id).values_list("pk", flat=True):
            records.locked(waiting)
        row = approvals.decide(approval_id, approve=approve, digest=digest, actor=actor, note=note)
        if row.kind == launch.KIND:
            launch.decided(row)
    return row


def _active(service_id: UUID) -> Service:
    row = services.locked(service_id)
    if row is None:
        raise NotFound("There is no such service.")
    if row.state != Service.State.ACTIVE:
        raise Conflict(f"This service is {row.state}.")
    return row


def _told(row: Service, action: str, actor: str, **said: Mapping[str, Any]) -> None:
    told: Mapping[str, Any] = said or {"after": {"state": row.state}}
    audit.record(action, actor=actor, object_type="service", object_id=row.pk, **told)
    tenant_id, row_id = str(current_tenant_id()), row.pk
    transaction.on_commit(lambda: ring_service(tenant_id, row_id))


def _ring(deployment_ids: list[UUID]) -> None:
    tenant_id = str(current_tenant_id())
    for one in deployment_ids:
        transaction.on_commit(partial(ring_deployment, tenant_id, one))
