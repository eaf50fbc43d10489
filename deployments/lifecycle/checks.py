"""What looks at services showed, kept as a bounded history; the only writer of HealthCheck."""

from uuid import UUID

from deployments.lifecycle.probing import Answer
from deployments.lifecycle.storable import storable
from deployments.models import HealthCheck

KEPT = 500  # of each service
TRIMMED_EVERY = 50


def record(service_id: UUID, deployment_id: UUID | None, answer: Answer) -> HealthCheck:
    """Write one look; older ones go when there are too many."""
    row: HealthCheck = HealthCheck.objects.create(
        service_id=service_id,
        deployment_id=deployment_id,
        passed=answer.passed,
        status=answer.status,
        latency_ms=answer.latency_ms,
        detail=storable(answer.detail)[:300],
    )
    # By the row's own id, so that no counter is needed: one look in fifty tidies up behind itself.
    if row.pk.int % TRIMMED_EVERY == 0:
        trim(service_id)
    return row


def trim(service_id: UUID) -> int:
    """Delete all but the newest looks at a service; return how many went."""
    rows = HealthCheck.objects.filter(service_id=service_id)
    kept = rows.order_by("-created", "-id").values_list("pk", flat=True)[:KEPT]
    return int(rows.exclude(pk__in=list(kept)).delete()[0])
