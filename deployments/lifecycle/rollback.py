"""Going back to an earlier release: a new deployment, since nothing goes backwards."""

from uuid import UUID

from deployments.lifecycle import records
from deployments.lifecycle.states import State
from deployments.models import Deployment, Release

SYSTEM = "system"


def destination(
    service_id: UUID,
    *,
    besides: UUID | None,
    release: Release | None = None,
    besides_release: UUID | None = None,
) -> Deployment | None:
    """Return the newest deployment of a service that was live and was not rolled back from; or None.

    `besides`, `besides_release`: a deployment, and those of a release, that are not meant.
    """
    left = Deployment.objects.filter(service_id=service_id, caused_by_id__isnull=False).values("caused_by_id")
    rows = Deployment.objects.filter(service_id=service_id, live_since__isnull=False)
    rows = rows.exclude(pk=besides).exclude(pk__in=left)
    if besides_release is not None:
        rows = rows.exclude(release_id=besides_release)
    if release is not None:
        rows = rows.filter(release=release)
    found: Deployment | None = rows.select_related("release").order_by("-live_since").first()
    return found


def open_automatic(failed: Deployment, back: Deployment, *, reason: str) -> Deployment:
    """Write the deployment that goes back by itself; the service is locked by the caller."""
    told = f"Rolled back by itself from release {failed.release.number}: {reason}"
    return records.open_deployment(
        back.service,
        back.release,
        kind=Deployment.Kind.ROLLBACK,
        back_to_id=back.pk,
        caused_by_id=failed.pk,
        reason=told[: records.MOST_REASON],
        execution_id=failed.execution_id,
        requested_by=SYSTEM,
    )


def waits_already(service_id: UUID, caused_by_id: UUID) -> bool:
    """Tell whether a deployment was rolled back from already."""
    rows = Deployment.objects.filter(service_id=service_id, caused_by_id=caused_by_id)
    return bool(rows.exclude(state=State.CANCELED).exists())
