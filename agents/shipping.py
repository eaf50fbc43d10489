"""What an execution made goes online: project, release, approval, deployment, each found again when the step comes back.

Nothing here waits. Whatever is under way raises NotYet; a worker that dies between two of these lines costs nothing,
since the next one finds what is there: by the execution, by the exact effect, by the approval.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from agents.contract import Freight, NotYet, Shipment, Shipping
from agents.gates import patience
from agents.models import Execution
from deployments import approvals, files, launch, projects, recipes, releases
from deployments.models import Approval, Deployment, HealthCheck, Project, Release
from miosa.http.problem import Problem

REQUESTED_BY = "agent:deployment"
LOOK_S = 0.2  # while machines are at work
APPROVAL_TTL_S = 86_400
UNDER_WAY = frozenset(
    {Deployment.State.QUEUED, Deployment.State.BUILDING, Deployment.State.RELEASING},
)


def ship(execution: Execution, freight: Freight, shipping: Shipping) -> Shipment:
    """Go on with the shipment of an execution of the current tenant; raises NotYet while it is under way."""
    try:
        release = _release(execution, freight)
        project = release.project
        found = _deployment(execution, release)
        if found is None:
            approval = _approval(execution, project, release, shipping)
            if approval.state == Approval.State.PENDING:
                raise NotYet(patience(approval), _question(approval))
            if approval.state != Approval.State.APPROVED:
                return _refused(release, approval)
            found = _launched(execution, release, approval, shipping)
    except Problem as error:
        return Shipment(live=False, reason=str(error))
    return _standing(release, found)


def _release(execution: Execution, freight: Freight) -> Release:
    """Return this execution's release, cut from the files it made, in a project of its own or the one it names."""
    made: Release | None = (
        Release.objects.filter(execution_id=execution.pk)
        .select_related("project")
        .order_by("-number")
        .first()
    )
    if made is not None:
        return made
    project = _project(execution, freight)
    new = [files.NewFile(path, text.encode()) for path, text in sorted(freight.files.items())]
    author = files.Author(REQUESTED_BY, execution.pk)
    files.write(project.pk, new, author=author, whole=True)
    if project.recipe != _recipe(freight):
        projects.change(project.pk, recipe=dict(freight.recipe))
    return releases.cut(
        project,
        author=REQUESTED_BY,
        execution_id=execution.pk,
        evidence=[asdict(one) for one in freight.evidence],
    )


def _recipe(freight: Freight) -> Mapping[str, Any]:
    return recipes.as_data(recipes.recipe(freight.recipe))


def _project(execution: Execution, freight: Freight) -> Project:
    named = execution.parameters.get("project", "")
    rows = projects.listed()
    found = rows.filter(slug=named).first() if named else rows.filter(execution_id=execution.pk).first()
    return found or projects.create(
        name=freight.name[:120],
        slug=named,
        description=freight.description,
        recipe=freight.recipe,
        execution_id=execution.pk,
        created_by=REQUESTED_BY,
    )


def _deployment(execution: Execution, release: Release) -> Deployment | None:
    rows = Deployment.objects.filter(
        execution_id=execution.pk, release_id=release.pk, kind=Deployment.Kind.DEPLOY
    )
    found: Deployment | None = rows.order_by("created").first()
    return found


def _approval(execution: Execution, project: Project, release: Release, shipping: Shipping) -> Approval:
    """Return the approval of exactly this launch; it is asked for once."""
    effect = launch.effect_of(project, release, target=shipping.target, environment=shipping.environment)
    digest = approvals.digest_of(launch.KIND, effect)
    asked = approvals.listed().filter(execution_id=execution.pk, digest=digest).order_by("-created").first()
    if asked is None:
        launch.plan(project, release, target=shipping.target, environment=shipping.environment)
        asked = approvals.ask(
            kind=launch.KIND,
            effect=effect,
            execution_id=execution.pk,
            requested_by=REQUESTED_BY,
            ttl_s=APPROVAL_TTL_S,
        )
    asked.state = approvals.state(asked.pk)
    return asked


def _question(approval: Approval) -> str:
    effect = approval.effect
    return (
        f"waits for approval {approval.pk}: release {effect['release']} of {effect['project']}"
        f" to {effect['environment']} on {effect['target']}"
    )


def _launched(execution: Execution, release: Release, approval: Approval, shipping: Shipping) -> Deployment:
    return launch.launch(
        release.project,
        release,
        target=shipping.target,
        environment=shipping.environment,
        requested_by=REQUESTED_BY,
        execution_id=execution.pk,
        approval=approval,
    )


def _refused(release: Release, approval: Approval) -> Shipment:
    note = f" ({approval.note})" if approval.note else ""
    reason = (
        f"{approval.decided_by} said no{note}."
        if approval.state == Approval.State.REJECTED
        else "nobody answered in time."
    )
    return Shipment(
        live=False,
        refused=True,
        reason=reason,
        project=release.project.slug,
        project_id=str(release.project_id),
        release=release.number,
        checksum=release.checksum,
        approval_id=str(approval.pk),
    )


def _standing(release: Release, found: Deployment) -> Shipment:
    """Return how a deployment ended; raises NotYet before it has."""
    if found.state in UNDER_WAY:
        raise NotYet(LOOK_S, f"deploying release {release.number} of {release.project.slug}: {found.state}")
    approval = approvals.one(found.approval_id) if found.approval_id else None
    live = found.state == Deployment.State.LIVE
    ended = found.live_since or found.finished
    return Shipment(
        live=live,
        reason="" if live else (found.reason or f"the deployment is {found.state}"),
        url=(found.url or found.service.url) if live else "",
        project=release.project.slug,
        project_id=str(release.project_id),
        release=release.number,
        checksum=release.checksum,
        service_id=str(found.service_id),
        deployment_id=str(found.pk),
        approval_id=str(found.approval_id or ""),
        approved_by=approval.decided_by if approval else "",
        health=_health(found),
        took_s=(ended - found.created).total_seconds() if ended else 0.0,
    )


def _health(found: Deployment) -> str:
    seen = HealthCheck.objects.filter(deployment_id=found.pk).order_by("-created").first()
    if seen is None:
        return "its health was not looked at"
    return (
        f"{'healthy' if seen.passed else 'unhealthy'}: {seen.status or 'no answer'} in {seen.latency_ms} ms"
    )
