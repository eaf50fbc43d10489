"""The life of a deployment as rows; the only writer of Deployment and DeploymentEvent.

Who changes a deployment and its service locks the service first. A worker writes inside `writing`: one transaction,
which begins by showing that the deployment is still its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.functions import TransactionNow
from django.db import transaction
from django.db.models import F

from deployments import approvals
from deployments.lifecycle import leases
from deployments.lifecycle.leases import Claim
from deployments.lifecycle.states import BUSY, ENDED, State, may_follow
from deployments.lifecycle.storable import storable
from deployments.models import Approval, Deployment, DeploymentEvent, Release, Service

MOST_REASON = 2_000  # characters
NEWER = "A newer deployment took its place."
FREE: dict[str, Any] = {"lease_owner": "", "lease_until": None}
OVER: dict[str, Any] = {**FREE, "run_after": None}


class OutOfOrder(Exception):  # noqa: N818  it reads as what happened
    """A deployment's state only moves forward; read the row again."""


def open_deployment(service: Service, release: Release, **fields: Any) -> Deployment:
    """Write a queued deployment, due at once unless it waits for an approval; the caller has locked the service."""
    waits = fields.pop("waits", False)
    due = None if waits else TransactionNow()
    row: Deployment = Deployment.objects.create(
        service=service, release=release, run_after=due, rung=due, **fields
    )
    row.refresh_from_db()
    tell(row, "state", state=row.state, reason=row.reason)
    return row


def locked(deployment_id: UUID) -> Deployment | None:
    """Return a deployment locked until the transaction ends, its service before it; None where there is none."""
    service_id = Deployment.objects.filter(pk=deployment_id).values_list("service_id", flat=True).first()
    Service.objects.select_for_update().filter(pk=service_id).first()
    row: Deployment | None = Deployment.objects.select_for_update().filter(pk=deployment_id).first()
    return row


@contextmanager
def writing(held: Claim, *, with_service: bool = False) -> Iterator[Deployment]:
    """Open one transaction of a worker and yield its row, locked; raises LostLease when it is no longer its own."""
    with transaction.atomic():
        if with_service:
            Service.objects.select_for_update().get(pk=held.service_id)
        leases.renew(held)
        yield Deployment.objects.get(pk=held.deployment_id)


def move(row: Deployment, state: State, **values: Any) -> None:
    """Bring a locked row to a later state, with other values; the change is an event. Raises OutOfOrder."""
    if not may_follow(row.state, state):
        raise OutOfOrder(f"A deployment that is {row.state} does not become {state.value}.")
    if state in ENDED and row.state == State.QUEUED and row.approval_id:
        approvals.withdraw_one(row.approval_id)  # nobody says yes to what has ended
    if state in ENDED:
        values |= {"finished": TransactionNow(), **OVER}
    keep(row, state=state.value, **values)
    tell(row, "state", state=row.state, reason=row.reason)


def keep(row: Deployment, **values: Any) -> None:
    """Write values of a locked row."""
    if "reason" in values:
        values["reason"] = storable(values["reason"])[:MOST_REASON]
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))


def tell(row: Deployment, kind: str, **data: Any) -> None:
    """Append an event of a locked row; the row counts them, so numbers are in order of commit."""
    number = row.events + 1
    Deployment.objects.filter(pk=row.pk).update(events=number)
    row.events = number
    DeploymentEvent.objects.create(deployment_id=row.pk, number=number, kind=kind, data=storable(data))


def now() -> TransactionNow:
    """Return the database's time, as an expression."""
    return TransactionNow()


def begin(held: Claim) -> bool:
    """Take the service's turn; False while another deployment has it, or one that goes back by itself waits for it."""
    with writing(held, with_service=True) as row:
        others = Deployment.objects.filter(service_id=row.service_id).exclude(pk=row.pk)
        if others.filter(state__in=BUSY).exists():
            return False
        if (
            row.caused_by_id is None
            and others.filter(state=State.QUEUED, caused_by_id__isnull=False).exists()
        ):
            return False
        move(row, State.BUILDING, build_started=TransactionNow())
        return True


def give_back(held: Claim, after_s: float, **values: Any) -> None:
    """Let the deployment wait so many seconds; then whoever is rung goes on."""
    with writing(held) as row:
        due = TransactionNow() + timedelta(seconds=after_s)
        keep(row, run_after=due, rung=None, **FREE, **values)


def end(row: Deployment, state: State, reason: str) -> list[UUID]:
    """End a locked deployment; return the ids of those that may have their turn now."""
    move(row, state, reason=reason)
    return let_next(row.service_id)


def let_next(service_id: UUID) -> list[UUID]:
    """Make due what waits in the service's queue; return the ids, what goes back by itself first."""
    Service.objects.filter(pk=service_id, generation__gt=F("settled")).update(check_after=TransactionNow())
    waiting = Deployment.objects.filter(
        service_id=service_id, state=State.QUEUED, run_after__isnull=False, lease_until__isnull=True
    )
    ids = list(waiting.order_by("caused_by_id", "created").values_list("pk", flat=True))
    waiting.filter(pk__in=ids).update(run_after=TransactionNow(), rung=TransactionNow())
    return ids


def supersede_queued(service_id: UUID, *, reason: str, besides: UUID | None = None) -> int:
    """End what waits in the service's queue, except what goes back by itself; the service is locked by the caller."""
    waiting = Deployment.objects.select_for_update().filter(
        service_id=service_id, state=State.QUEUED, caused_by_id__isnull=True
    )
    rows = list(waiting.exclude(pk=besides))
    for row in rows:
        move(row, State.SUPERSEDED, reason=reason)
    return len(rows)


def end_unanswered() -> list[UUID]:
    """End what waits for an approval that nobody gave in time; return the ids of those that may have their turn now."""
    over = Approval.objects.filter(state=Approval.State.EXPIRED).values("pk")
    waiting = Deployment.objects.filter(state=State.QUEUED, run_after__isnull=True, approval_id__in=over)
    following: list[UUID] = []
    for deployment_id in list(waiting.values_list("pk", flat=True)):
        with transaction.atomic():
            row = locked(deployment_id)
            if row and row.state == State.QUEUED and row.run_after is None:
                following += end(row, State.CANCELED, "Nobody approved it in time.")
    return following


def go_live(row: Deployment, *, url: str) -> list[UUID]:
    """Let a locked deployment take the place of the live one; service and row are locked by the caller."""
    for before in Deployment.objects.select_for_update().filter(service_id=row.service_id, state=State.LIVE):
        move(before, State.SUPERSEDED, reason=row.reason if row.caused_by_id == before.pk else NEWER)
    move(row, State.LIVE, live_since=TransactionNow(), percent=100, url=url, errors=0, **OVER)
    return let_next(row.service_id)
