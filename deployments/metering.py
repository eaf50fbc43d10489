"""What the host of our own counted is written into the ledger: build seconds, running seconds, bytes sent.

The host tells a batch again until it is acknowledged, and each entry is named by batch, service and meter: a worker
that dies between the two costs nothing and counts nothing twice.
"""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from billing import ledger
from billing.agreements import cost_of_use
from deployments.hosting.client import HostError, HostingClient
from deployments.models import Deployment, Service
from tenants.models import Tenant
from tenants.task_scope import task_scope

logger = logging.getLogger(__name__)

SOURCE = "hosting_use"
MOST_BATCHES = 10  # in one run; what is left comes with the next
TOLD = {
    "build_ms": "building {name}",
    "hosting_s": "running {name}, {memory_mb} MB",
    "egress_bytes": "sent by {name}",
}


def collect() -> int:
    """Read what waits at the host and write it down; return the number of entries. Nothing where there is no host."""
    if not settings.ENVIRONMENT.hosting_url:
        return 0
    host, entries = HostingClient(settings.ENVIRONMENT.hosting_url), 0
    try:
        for _ in range(MOST_BATCHES):
            batch = host.usage()
            if not batch["batch"]:
                break
            entries += sum(written(batch["batch"], row) for row in batch["services"])
            host.acknowledge(batch["batch"])
    except HostError as error:
        logger.warning("The host does not tell what was used; it is asked again: %s", error)
    finally:
        host.close()
    return entries


def written(batch: str, row: Mapping[str, Any]) -> int:
    """Write one service's use of a batch; return the number of entries. A tenant that is gone owes nothing."""
    quantities = {
        "build_ms": int(row["build_ms"]),
        "hosting_s": round(row["running_s"]),
        "egress_bytes": int(row["egress_bytes"]),
    }
    used = {meter: quantity for meter, quantity in quantities.items() if quantity > 0}
    try:
        with task_scope(UUID(row["tenant_id"])):
            return _posted(batch, row, used)
    except (Tenant.DoesNotExist, ValueError):
        logger.info("Use of a service of nobody was not written down: %s", row["service_id"])
        return 0


def _posted(batch: str, row: Mapping[str, Any], used: Mapping[str, int]) -> int:
    service = Service.objects.filter(pk=UUID(row["service_id"])).first()
    newest = (
        Deployment.objects.filter(service=service, build_started__isnull=False).order_by("-created").first()
    )
    name = service.name if service else "a service that is gone"
    details = {
        "service_id": row["service_id"],
        "deployment_id": str(newest.pk) if newest else "",
        "memory_mb": row["memory_mb"],
        "wakes": row.get("wakes", 0),
    }
    # What a task let be built is on its bill; what runs afterwards has no end, and is the tenant's.
    built_for = newest.execution_id if newest else None
    facts = {
        meter: ledger.Fact(
            meter,
            quantity,
            cost_of_use(meter, quantity),
            SOURCE,
            f"{batch}:{UUID(row['service_id']).hex}:{meter}",
            execution_id=built_for if meter == "build_ms" else None,
            description=TOLD[meter].format(name=name, memory_mb=row["memory_mb"]),
            details=details,
        )
        for meter, quantity in used.items()
    }
    ledger.post_all([one for one in facts.values() if one.execution_id])
    ledger.post_all([one for one in facts.values() if not one.execution_id], reserved=False)
    return len(used)
