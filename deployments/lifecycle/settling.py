"""A service is brought to what is wanted of it: suspended, resumed, destroyed, its domains set.

What is wanted is written first, with a rising generation; the target is told afterwards, by whoever looks next and as
often as it takes. Nothing is told twice at once: who tells has the service until `check_after`.
"""

from datetime import timedelta
from typing import Any

from django.contrib.postgres.functions import TransactionNow
from django.db import connection, transaction

from deployments.lifecycle import records, services
from deployments.lifecycle.reaching import place_of, target_named
from deployments.lifecycle.states import BUSY, State
from deployments.models import Deployment, Service
from deployments.targets.contract import DeployTarget, Place
from deployments.targets.errors import TargetError, TargetLost

HAS_IT_S = 60.0  # longer than any target's own time-out
AGAIN_S = 5.0
STATE, DOMAINS, SETTINGS = "state", "domains", "settings"  # what may be asked of a service
ASKED, REFUSAL = "asked", "refusal"  # in its settings: what is open, and what the target said against it

CLAIM = """
UPDATE deployments_service SET check_after = now() + make_interval(secs => %s)
WHERE id = %s AND generation > settled AND (check_after IS NULL OR check_after <= now()) RETURNING id"""


def ask_for(row: Service, what: str, **values: Any) -> None:
    """Write what is wanted of a locked service."""
    asked = sorted({*row.settings.get(ASKED, []), what})
    settings = {name: value for name, value in row.settings.items() if name != REFUSAL}
    services.want(row, settings={**settings, ASKED: asked}, **values)


def settle(service: Service, *, claimed: bool = False) -> bool:
    """Bring the target to what is wanted, if nobody else does; tell whether nothing is open any more.

    Raises TargetError where the target does not do it now; it is tried again.
    """
    service.refresh_from_db()
    if service.settled >= service.generation:
        return True
    if not claimed and not _claimed(service):
        return False
    if service.state == Service.State.DESTROYED and _is_worked_on(service):
        services.note(service, check_after=TransactionNow() + timedelta(seconds=1))
        return False
    return _told(service, service.generation)


def _claimed(service: Service) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [HAS_IT_S, service.pk])
        return cursor.fetchone() is not None


def _is_worked_on(service: Service) -> bool:
    return bool(Deployment.objects.filter(service=service, state__in=BUSY).exists())


def _told(service: Service, generation: int) -> bool:
    target, place = target_named(service.target), place_of(service)
    values: dict[str, Any] = {}
    refusal = ""
    try:
        values = _tell(target, place, service)
    except TargetLost:
        values = {"external_id": ""}
    except TargetError as error:
        if error.retryable:
            after = timedelta(seconds=max(AGAIN_S, error.retry_after_s or 0))
            services.note(service, check_after=TransactionNow() + after)
            raise
        refusal = str(error)
    return _recorded(service, generation, values, refusal)


def _tell(target: DeployTarget, place: Place, service: Service) -> dict[str, Any]:
    asked = service.settings.get(ASKED, [])
    if service.state == Service.State.DESTROYED:
        target.destroy(place)
        return {"external_id": "", "url": "", "current_id": None, "domains": []}
    if not service.external_id:
        return {}  # there is nothing yet; its next deployment brings what is wanted
    if SETTINGS in asked:
        target.configure(place)
    if STATE in asked:
        (target.suspend if service.state == Service.State.SUSPENDED else target.resume)(place)
    if DOMAINS in asked:
        wanted = tuple(domain["name"] for domain in service.domains)
        held = target.domains(place, wanted)
        return {"domains": [{"name": d.name, "verified": d.verified, "record": d.record} for d in held]}
    return {}


def _recorded(service: Service, generation: int, values: dict[str, Any], refusal: str) -> bool:
    with transaction.atomic():
        row = services.locked(service.pk)
        if row is None:
            return True
        if row.generation != generation:  # something else is wanted meanwhile: told again at once
            services.note(row, check_after=TransactionNow())
            return False
        settings = {name: value for name, value in row.settings.items() if name != ASKED}
        if refusal:
            settings[REFUSAL] = refusal[:500]
        serving = row.state == Service.State.ACTIVE and row.current_id
        services.note(
            row,
            settled=generation,
            settings=settings,
            health=Service.Health.UNKNOWN,
            failures=0,
            check_after=TransactionNow() + timedelta(seconds=AGAIN_S) if serving else None,
            **values,
        )
        if row.state == Service.State.DESTROYED:
            _end_all(row)
    return True


def _end_all(row: Service) -> None:
    for live in Deployment.objects.select_for_update().filter(service=row, state=State.LIVE):
        records.move(live, State.SUPERSEDED, reason="The service was destroyed.")
