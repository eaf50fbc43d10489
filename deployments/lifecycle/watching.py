"""What serves is looked at again and again: its health, its log, and whether it is still there."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.contrib.postgres.functions import TransactionNow
from django.db import transaction

from deployments.lifecycle import checks, logs, pace, records, rollback, services, settling
from deployments.lifecycle.probing import Answer, Expected, probe
from deployments.lifecycle.reaching import is_addressed, place_of, ref_of, spec_of, target_named
from deployments.lifecycle.states import OPEN, State
from deployments.models import Deployment, Service
from deployments.targets.contract import DeployRef, DeployTarget, Phase, Spec, Status
from deployments.targets.errors import TargetError, TargetLost
from tenants.places import in_each_place
from tenants.vault import CannotOpen

HAS_IT_S = 60.0  # who looks has the service for so long
GONE = "The target had lost it; it is made anew."

DUE = """
WITH due AS (
  SELECT id FROM deployments_service WHERE check_after <= now()
  ORDER BY check_after LIMIT %s FOR UPDATE SKIP LOCKED)
UPDATE deployments_service s SET check_after = now() + make_interval(secs => %s)
FROM due WHERE s.id = due.id RETURNING s.tenant_id, s.id"""


def due(*, limit: int = 32) -> list[tuple[UUID, UUID]]:
    """Return (tenant, service) of what is to be looked at now, of all tenants, as the platform; each to one caller."""
    return [(tenant_id, row_id) for tenant_id, row_id in in_each_place(DUE, [limit, HAS_IT_S])]


def look(service_id: UUID) -> list[UUID]:
    """Look at a service of the current tenant; return the ids of deployments that follow from what was seen."""
    service = Service.objects.filter(pk=service_id).first()
    if service is None:
        return []
    if service.generation > service.settled:
        return _settled(service)
    live = Deployment.objects.filter(pk=service.current_id, state=State.LIVE).first()
    if live is None or service.state != Service.State.ACTIVE:
        services.note(service, check_after=None)
        return []
    return _looked(service, live)


def _settled(service: Service) -> list[UUID]:
    with suppress(TargetError):  # then it is due again: `settling` has said when
        settling.settle(service, claimed=True)
    waiting = Deployment.objects.filter(service=service, state=State.QUEUED, run_after__isnull=False)
    return list(waiting.values_list("pk", flat=True))


def _looked(service: Service, live: Deployment) -> list[UUID]:
    try:
        spec = spec_of(live, service)
        target = target_named(service.target)
        ref = ref_of(live, place_of(service))
        status = target.status(ref)
    except TargetLost:
        return _made_anew(service, live)
    except (TargetError, CannotOpen) as error:
        return _seen(service, live, Answer(passed=False, detail=str(error)), known=False)
    _read_log(target, ref, live, spec)
    if status.phase in {Phase.SUPERSEDED, Phase.SUSPENDED, Phase.CANCELED}:
        return _seen(service, live, Answer(passed=False, detail=f"At the target it is {status.phase.value}."))
    return _seen(service, live, _answer(spec, status), url=status.url)


def _answer(spec: Spec, status: Status) -> Answer:
    if status.phase == Phase.FAILED:
        return Answer(passed=False, detail=f"The target says that it failed: {status.detail}")
    if not status.url or not is_addressed(spec.recipe):
        return Answer(passed=True, detail="")
    if status.asleep:
        return Answer(passed=True, detail="It sleeps until the next request.")
    recipe = spec.recipe
    expected = Expected(recipe.health_path, recipe.health_status, recipe.health_body)
    return probe(status.url, expected, headers=status.look_headers)


def _seen(
    service: Service, live: Deployment, answer: Answer, *, url: str = "", known: bool = True
) -> list[UUID]:
    """Record a look; `known` is False where the target did not answer: then nothing is said about the service."""
    with transaction.atomic():
        row = services.locked(service.pk)
        if row is None or row.current_id != live.pk:
            return []
        checks.record(row.pk, live.pk, answer)
        failures = 0 if answer.passed else row.failures + (1 if known else 0)
        health = _health(row, answer, failures)
        baking = _is_baking(live)
        if health != row.health:
            _tell(live, answer, health)
        services.note(
            row,
            url=url or row.url,
            failures=failures,
            health=health,
            check_after=TransactionNow()
            + timedelta(seconds=pace.WATCH_BAKING_S if baking or failures else pace.WATCH_S),
        )
        return _gone_back(live, answer) if baking and health == Service.Health.UNHEALTHY else []


def _health(row: Service, answer: Answer, failures: int) -> str:
    if answer.passed:
        return Service.Health.HEALTHY.value
    return Service.Health.UNHEALTHY.value if failures >= pace.UNHEALTHY_AFTER else str(row.health)


def _is_baking(live: Deployment) -> bool:
    young = TransactionNow() - timedelta(seconds=pace.BAKE_S)
    return bool(Deployment.objects.filter(pk=live.pk, live_since__gt=young).exists())


def _tell(live: Deployment, answer: Answer, health: str) -> None:
    row = Deployment.objects.select_for_update().get(pk=live.pk)
    records.tell(row, "health", passed=answer.passed, public=True, detail=answer.detail, health=health)


def _gone_back(live: Deployment, answer: Answer) -> list[UUID]:
    """Roll back what turned unhealthy soon after it went live; what is itself a way back stays."""
    row = Deployment.objects.select_for_update().get(pk=live.pk)
    if row.state != State.LIVE or row.kind == Deployment.Kind.ROLLBACK:
        return []
    if rollback.waits_already(row.service_id, row.pk) or _is_followed(row):
        return []
    back = rollback.destination(row.service_id, besides=row.pk)
    if back is None:
        records.tell(
            row, "note", text="It is unhealthy, and there is no earlier healthy release to roll back to."
        )
        return []
    reason = f"It turned unhealthy within {pace.BAKE_S:.0f} s after it went live: {answer.detail}"
    return [rollback.open_automatic(row, back, reason=reason).pk]


def _is_followed(row: Deployment) -> bool:
    return bool(Deployment.objects.filter(service_id=row.service_id, state__in=OPEN).exists())


def _made_anew(service: Service, live: Deployment) -> list[UUID]:
    """Deploy the same release again where the target has lost it, unless something else is under way."""
    with transaction.atomic():
        row = services.locked(service.pk)
        if row is None or row.current_id != live.pk or _is_followed(live):
            return []
        services.named(row, "")
        services.note(row, check_after=TransactionNow() + timedelta(seconds=pace.WATCH_S))
        made = records.open_deployment(
            row, live.release, reason=GONE, requested_by=rollback.SYSTEM, execution_id=live.execution_id
        )
    return [made.pk]


def _read_log(target: DeployTarget, ref: DeployRef, live: Deployment, spec: Spec) -> None:
    try:
        if target.capabilities().logs:
            page = target.logs(ref, live.log_cursor)
            if page.lines:
                logs.append(live, page.lines, secrets=logs.secrets_in(spec.variables), cursor=page.cursor)
    except TargetError:
        return  # the next look reads it
