"""A release is sent on its way: checked, one row written, a worker called once that is committed.

What has begun on a service is finished first; the newest that waits follows, and those between are superseded. So
however often somebody launches, what was begun comes to its end and the newest release is the one that stays.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast
from uuid import UUID

from django.db import transaction

from deployments import approval_policies, approvals, questions
from deployments.approval_rules import DEPLOY, Effect, needs_approval
from deployments.lifecycle import records, services
from deployments.lifecycle.allowance import refuse_beyond_plan
from deployments.lifecycle.reaching import target_named, trial_of
from deployments.lifecycle.states import State
from deployments.models import Approval, Deployment, Project, Release, Service
from deployments.targets.contract import DeployTarget, Step
from deployments.targets.errors import TargetError, TargetRefused
from deployments.tasks import ring_deployment
from miosa.http.problem import Conflict, Unavailable, Unprocessable, invalid
from tenants import audit
from tenants.owned import current_tenant_id

KIND = questions.LAUNCH
Strategy = Deployment.Strategy


class TargetMissing(Unprocessable):
    """The target cannot be used here: the detail says what is missing."""


def launch(
    project: Project,
    release: Release,
    *,
    target: str = "local",
    environment: str = Service.Environment.PREVIEW,
    strategy: str = Strategy.DIRECT,
    requested_by: str,
    execution_id: UUID | None = None,
    approval: Approval | None = None,
    trusted: bool = False,
    key: UUID | None = None,
) -> Deployment:
    """Accept a deployment of the current tenant; it is queued, and waits for an approval where one is needed.

    `approval`: somebody's word that was asked for before; the same one again returns the deployment it was for.
    `trusted`: whoever asks may approve, so nobody else is asked.
    `key`: its id; asked for again under it, the deployment that is there is returned.

    Raises:
        Unprocessable: target, strategy or recipe do not fit; the detail says what to change.
        PaymentRequired, TooManyRequests: the plan has no room for another service or another deployment today.
        Conflict: the project was put away, the service is suspended, or the approval is for something else.
    """
    if key and (there := Deployment.objects.filter(pk=key).first()):
        return cast("Deployment", there)
    plan(project, release, target=target, environment=environment, strategy=strategy)
    effect = effect_of(project, release, target=target, environment=environment, strategy=strategy)
    with transaction.atomic():
        if approval is not None and (earlier := _used(approval, effect)):
            return earlier
        service = _place(project, target=target, environment=environment)
        asked = approval or _question(effect, environment, execution_id, requested_by, trusted=trusted)
        waits = asked is not None and asked.state != Approval.State.APPROVED
        if asked and waits and (earlier := _waiting_for(asked)):
            return earlier
        if not waits:
            records.supersede_queued(service.pk, reason="A newer deployment was asked for.")
        row: Deployment = records.open_deployment(
            service,
            release,
            id=key,
            strategy=strategy,
            waits=waits,
            requested_by=requested_by,
            execution_id=execution_id,
            approval_id=asked.pk if asked else None,
            reason="It waits for an approval." if waits else "",
        )
        _recorded(row, effect, requested_by)
    return row


def plan(
    project: Project, release: Release, *, target: str, environment: str, strategy: str = Strategy.DIRECT
) -> tuple[Step, ...]:
    """Return what a launch would do, without doing anything. Raises Unprocessable with the first fault, Unavailable."""
    if environment not in Service.Environment.values:
        raise _refused(f"is one of {', '.join(Service.Environment.values)}", "environment")
    if release.project_id != project.pk:
        raise _refused("is a release of another project", "release_id")
    try:
        there = target_named(target)
        _refuse_missing(there)
        spec = trial_of(project, release, target=target, environment=environment)
        _refuse_strategy(there, strategy)
        if spec.recipe.kind not in there.capabilities().kinds:
            raise TargetRefused(f"{target} does not run what is of kind {spec.recipe.kind.value}.")
        return there.plan(spec)
    except TargetRefused as error:
        raise TargetMissing(str(error)) from error
    except TargetError as error:
        raise Unavailable(f"The target does not answer: {error}") from error


def effect_of(
    project: Project, release: Release, *, target: str, environment: str, strategy: str = Strategy.DIRECT
) -> dict[str, Any]:
    """Return exactly what a launch does, as its approval is bound to it."""
    return {
        "action": "deploy",
        "project_id": str(project.pk),
        "project": project.slug,
        "release_id": str(release.pk),
        "release": release.number,
        "checksum": release.checksum,
        "target": target,
        "environment": str(environment),
        "strategy": str(strategy),
    }


def guarded(environment: str) -> bool:
    """Tell whether somebody has to agree to a deployment there, by the current tenant's policies."""
    return needs_approval(approval_policies.rules(), Effect(DEPLOY, environment=str(environment))) is not None


def decided(approval: Approval) -> Deployment | None:
    """Let the deployment that waited for an approval go, or end it; return it, None where none waited.

    An approval speaks for its deployment alone: what else waits in the queue is superseded only when it goes.
    """
    with transaction.atomic():
        first = Deployment.objects.filter(approval_id=approval.pk, state=State.QUEUED).first()
        row = records.locked(first.pk) if first else None
        if row is None or row.state != State.QUEUED or row.run_after is not None:
            return row
        if approval.state != Approval.State.APPROVED:
            records.end(row, State.CANCELED, f"Its approval was {approval.state}. {approval.note}".strip())
            return row
        records.supersede_queued(row.service_id, reason="A newer deployment was approved.", besides=row.pk)
        records.keep(row, run_after=records.now(), rung=records.now(), reason="")
        records.tell(row, "approved", by=approval.decided_by)
        transaction.on_commit(partial(ring_deployment, str(current_tenant_id()), row.pk))
    return row


def _place(project: Project, *, target: str, environment: str) -> Service:
    service, fresh = services.find_or_make(project, target=target, environment=environment)
    refuse_beyond_plan(new_service=fresh)
    if project.archived is not None:
        raise Conflict("The project was put away; restore it first.")
    if service.state == Service.State.SUSPENDED:
        raise Conflict("The service is suspended; resume it first.")
    return service


def _used(approval: Approval, effect: Mapping[str, Any]) -> Deployment | None:
    """Return the deployment this approval was used for already. Raises Conflict where it may not be used for this."""
    row = Approval.objects.select_for_update().get(pk=approval.pk)
    if row.digest != approvals.digest_of(KIND, effect):
        raise Conflict("This approval is for another effect: ask for one for exactly this deployment.")
    found: Deployment | None = Deployment.objects.filter(approval_id=row.pk).first()
    if found is None and approvals.state(row.pk) != Approval.State.APPROVED:
        raise Conflict(f"This approval is {approvals.state(row.pk)}.")
    return found


def _waiting_for(approval: Approval) -> Deployment | None:
    found: Deployment | None = Deployment.objects.filter(approval_id=approval.pk).first()
    return found


def _question(
    effect: Mapping[str, Any],
    environment: str,
    execution_id: UUID | None,
    requested_by: str,
    *,
    trusted: bool,
) -> Approval | None:
    if trusted or not guarded(environment):
        return None
    waits_s = approval_policies.waits_s(DEPLOY)
    return approvals.ask(
        kind=KIND, effect=effect, execution_id=execution_id, requested_by=requested_by, ttl_s=waits_s
    )


def _recorded(row: Deployment, effect: Mapping[str, Any], requested_by: str) -> None:
    audit.record(
        "deployment.launched", actor=requested_by, object_type="deployment", object_id=row.pk, after=effect
    )
    if row.run_after is not None:
        transaction.on_commit(partial(ring_deployment, str(current_tenant_id()), row.pk))


def _refuse_missing(target: DeployTarget) -> None:
    if missing := target.unavailable(str(current_tenant_id())):
        raise TargetMissing(f"The target {target.name} cannot be used: {missing}")


def _refuse_strategy(target: DeployTarget, strategy: str) -> None:
    can = target.capabilities()
    if strategy not in Strategy.values:
        raise _refused(f"is one of {', '.join(Strategy.values)}", "strategy")
    if strategy == Strategy.CANARY and not can.canary:
        raise TargetRefused(f"{target.name} cannot share out traffic: choose direct or blue_green.")
    if strategy == Strategy.BLUE_GREEN and not can.candidate:
        raise TargetRefused(f"{target.name} cannot keep two releases up at once: choose direct.")


def _refused(detail: str, member: str) -> Unprocessable:
    return Unprocessable(errors=[invalid(detail, member)])
