"""The life of a run in a sandbox: who works on it, how it ended, what it cost; the only writer of SandboxRun.

Time is the database's. Every write of whoever works on a run carries its fence.
"""

import os
import socket
import threading
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.postgres.functions import TransactionNow
from django.db import connection, transaction

from billing import ledger
from billing.agreements import cost_of_use
from deployments.models import SandboxRun
from tenants.owned import current_tenant_id
from tenants.places import in_each_place

LEASE_S = 10.0  # of a detached run, renewed while it goes on
WAITED_S = 120.0  # longer than its own time that a run somebody waits for may stay open
RING_S = 10.0
MOST_TAKEOVERS = 3  # a run that kills its workers ends in failed
ABANDONED = "Whoever worked on this run ended before it did."

CLAIM = """
UPDATE deployments_sandboxrun run
SET state = 'running', lease_owner = %(owner)s, lease_until = now() + make_interval(secs => %(lease)s),
  fence = fence + 1, started = coalesce(started, now())
WHERE id = %(id)s AND (state = 'queued' OR state = 'running' AND lease_until < now())
  AND %(boxes)s > (SELECT count(*) FROM deployments_sandboxrun other
    WHERE other.tenant_id = run.tenant_id AND other.id <> run.id
      AND other.state = 'running' AND other.lease_until >= now())
RETURNING fence"""

RENEW = """
UPDATE deployments_sandboxrun SET lease_until = now() + make_interval(secs => %s)
WHERE id = %s AND fence = %s AND state = 'running' RETURNING id"""

# Those somebody waited for are not begun again: whoever waited is gone.
DUE = """
WITH due AS (
  SELECT id FROM deployments_sandboxrun
  WHERE state = 'queued' AND detached AND (rung IS NULL OR rung < now() - make_interval(secs => %(ring)s))
     OR state = 'running' AND lease_until < now()
     OR state = 'queued' AND NOT detached AND created < now() - make_interval(secs => %(waited)s)
  ORDER BY created LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
rung AS (
  UPDATE deployments_sandboxrun run
  SET state = CASE WHEN detached AND fence < %(most)s THEN 'queued' ELSE 'failed' END,
    error = CASE WHEN detached AND fence < %(most)s THEN error ELSE %(abandoned)s END,
    finished = CASE WHEN detached AND fence < %(most)s THEN NULL ELSE now() END,
    rung = now(), lease_owner = '', lease_until = NULL
  FROM due WHERE run.id = due.id RETURNING run.tenant_id, run.id, run.state)
SELECT tenant_id, id FROM rung WHERE state = 'queued'"""


def open_run(**fields: Any) -> SandboxRun:
    """Write a queued run of the current tenant."""
    row: SandboxRun = SandboxRun.objects.create(state=SandboxRun.State.QUEUED, **storable(fields))
    return row


def mark_rung(run_id: UUID) -> None:
    """Note that a worker was called just now."""
    SandboxRun.objects.filter(pk=run_id).update(rung=TransactionNow())


def claim(run_id: UUID, *, boxes: int, lease_s: float = LEASE_S) -> int | None:
    """Take a queued run on and return the fence; None where it is not queued, or all `boxes` are in use."""
    with transaction.atomic(), connection.cursor() as cursor:
        # One at a time for each tenant: two claims at once would both count the same free place.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sandbox boxes {current_tenant_id()}"]
        )
        owner = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
        cursor.execute(CLAIM, {"owner": owner, "lease": lease_s, "id": run_id, "boxes": boxes})
        row = cursor.fetchone()
    return int(row[0]) if row else None


def renew(run_id: UUID, fence: int) -> bool:
    """Prolong the lease; False where the run was cancelled or is another's by now."""
    with connection.cursor() as cursor:
        cursor.execute(RENEW, [LEASE_S, run_id, fence])
        return cursor.fetchone() is not None


def finish(run_id: UUID, fence: int, values: Mapping[str, Any], *, agent: str = "") -> bool:
    """Record how a claimed run ended and charge its box; False where it is ours no more: then only the box counts."""
    return _end(run_id, fence, SandboxRun.State.COMPLETED, values, agent=agent)


def fail(run_id: UUID, fence: int | None, error: str, *, box_ms: int = 0) -> bool:
    """Record that a run could not be carried out, and why; without a fence one that nobody took on."""
    if fence is None:
        rows = SandboxRun.objects.filter(pk=run_id, state=SandboxRun.State.QUEUED)
        return bool(
            rows.update(state=SandboxRun.State.FAILED, error=storable(error), finished=TransactionNow())
        )
    return _end(run_id, fence, SandboxRun.State.FAILED, {"error": error, "box_ms": box_ms})


def abandon(step_id: UUID) -> list[UUID]:
    """Fail what a step left open whose worker is dead, and return the ids: its boxes are free for whoever goes on."""
    open_states = (SandboxRun.State.QUEUED, SandboxRun.State.RUNNING)
    left = SandboxRun.objects.filter(step_id=step_id, detached=False, state__in=open_states)
    ids = list(left.values_list("pk", flat=True))
    left.filter(pk__in=ids).update(
        state=SandboxRun.State.FAILED, error=ABANDONED, finished=TransactionNow(), lease_until=None
    )
    return ids


def give_back(run_id: UUID, fence: int) -> None:
    """Let a run wait again: there was no room for it just now."""
    SandboxRun.objects.filter(pk=run_id, fence=fence, state=SandboxRun.State.RUNNING).update(
        state=SandboxRun.State.QUEUED, lease_owner="", lease_until=None, fence=fence - 1
    )


def cancel(run_id: UUID) -> bool:
    """End a run that has not ended; whoever works on it finds out when its lease is renewed."""
    open_states = (SandboxRun.State.QUEUED, SandboxRun.State.RUNNING)
    return bool(
        SandboxRun.objects.filter(pk=run_id, state__in=open_states).update(
            state=SandboxRun.State.CANCELLED, finished=TransactionNow(), lease_until=None
        )
    )


def due(*, limit: int = 100) -> list[tuple[UUID, UUID]]:
    """Return (tenant, run) of what should be rung for, of all tenants, as the platform; what was abandoned is failed."""
    values = {"ring": RING_S, "waited": WAITED_S, "most": MOST_TAKEOVERS, "limit": limit}
    return [(tenant, run) for tenant, run in in_each_place(DUE, values | {"abandoned": ABANDONED})]  # type: ignore[arg-type]


def storable(value: Any) -> Any:
    """Return JSON that PostgreSQL can hold: NUL and lone surrogates replaced."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {storable(name): storable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [storable(one) for one in value]
    return value


def _end(run_id: UUID, fence: int, state: str, values: Mapping[str, Any], *, agent: str = "") -> bool:
    with transaction.atomic():
        mine = SandboxRun.objects.filter(pk=run_id, fence=fence, state=SandboxRun.State.RUNNING)
        ours = bool(
            mine.update(state=state, finished=TransactionNow(), lease_until=None, **storable(dict(values)))
        )
        box_ms = int(values.get("box_ms", 0))
        if box_ms:
            _charge(SandboxRun.objects.get(pk=run_id), box_ms, fence, agent=agent)
    return ours


def _charge(row: SandboxRun, box_ms: int, fence: int, *, agent: str) -> None:
    """Each box that was opened for a run counts once."""
    ledger.post(
        "sandbox_ms",
        box_ms,
        cost_micros=cost_of_use("sandbox_ms", box_ms),
        source="sandbox_run",
        source_id=str(row.pk) if fence == 1 else f"{row.pk}:{fence}",
        execution_id=row.execution_id,
        agent=agent,
        description=str(row)[:200],
        reserved=row.execution_id is not None,
    )
