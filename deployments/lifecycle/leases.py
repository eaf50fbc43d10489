"""Who works on a deployment: claimed by one conditional UPDATE, kept by a heartbeat, freed when the worker is dead.

Time is the database's, never a worker's clock. Every write of a worker carries its fence.
"""

import os
import socket
import threading
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from tenants.heartbeat import beating
from tenants.places import in_each_place

LEASE_S = 10.0
BEAT_S = 2.0
RING_S = 10.0  # an unanswered message is sent again after this long

# A lease that is still there was left by a worker that died: only those count as attempts.
CLAIM = """
UPDATE deployments_deployment SET lease_owner = %s, lease_until = now() + make_interval(secs => %s),
  fence = fence + 1, attempt = attempt + CASE WHEN lease_until IS NULL THEN 0 ELSE 1 END
WHERE id = %s AND state IN ('queued', 'building', 'releasing') AND run_after <= now()
  AND (lease_until IS NULL OR lease_until < now())
RETURNING service_id, fence, extract(epoch FROM clock_timestamp())::float8"""

RENEW = """
UPDATE deployments_deployment SET lease_until = clock_timestamp() + make_interval(secs => %s)
WHERE id = %s AND fence = %s AND lease_until IS NOT NULL RETURNING id"""

DUE = """
WITH due AS (
  SELECT id FROM deployments_deployment
  WHERE run_after <= now()
    AND (lease_until IS NULL AND (rung IS NULL OR rung < now() - make_interval(secs => %s)) OR lease_until < now())
  ORDER BY run_after LIMIT %s FOR UPDATE SKIP LOCKED)
UPDATE deployments_deployment d SET rung = now()
FROM due WHERE d.id = due.id RETURNING d.tenant_id, d.id"""


class LostLease(Exception):  # noqa: N818  it reads as what happened
    """Another worker owns the deployment, or it has ended: stop at once and write nothing."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one deployment. `lost` is set when it is gone."""

    tenant_id: UUID
    deployment_id: UUID
    service_id: UUID
    fence: int
    claimed: float  # seconds since the epoch by the database's clock
    lost: threading.Event = field(default_factory=threading.Event, compare=False)
    started: float = field(default_factory=time.monotonic, compare=False)

    def now(self) -> float:
        """Return the database's time: what it said when this was claimed, and what has passed since."""
        return self.claimed + time.monotonic() - self.started

    def held_s(self) -> float:
        """Return for how long this worker has it."""
        return time.monotonic() - self.started


def claim(tenant_id: UUID, deployment_id: UUID) -> Claim | None:
    """Take a deployment of the current tenant; None for a duplicate message or one that is not due."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [owner, LEASE_S, deployment_id])
        row = cursor.fetchone()
    return Claim(tenant_id, deployment_id, *row) if row else None


def renew(held: Claim) -> None:
    """Prolong the lease; inside a transaction this also locks the deployment against every other writer.

    Raises:
        LostLease: the fence is not the row's any more.
    """
    with connection.cursor() as cursor:
        cursor.execute(RENEW, [LEASE_S, held.deployment_id, held.fence])
        if not cursor.fetchone():
            held.lost.set()
            raise LostLease(str(held.deployment_id))


def kept(held: Claim) -> AbstractContextManager[None]:
    """Renew the lease from a thread of its own until the block ends."""
    return beating(held.tenant_id, f"lease-{held.deployment_id}", lambda: _renewed(held), every_s=BEAT_S)


def due(*, limit: int = 100) -> list[tuple[UUID, UUID]]:
    """Return (tenant, deployment) of what should be rung for, of all tenants, as the platform.

    These are deployments whose time has come and whose message was never sent, was lost or was not answered, and those
    whose worker is dead. Any number of these may run at once. `limit` holds for each place that has rows of tenants.
    """
    return [(tenant_id, row_id) for tenant_id, row_id in in_each_place(DUE, [RING_S, limit])]


def _renewed(held: Claim) -> bool:
    try:
        renew(held)
    except LostLease:
        return False
    return True
