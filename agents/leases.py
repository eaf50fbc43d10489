"""Who works on a step: claimed by one conditional UPDATE, kept by a heartbeat, freed when the worker is dead.

Time is the database's `now()`, never a worker's clock. Every write of a worker carries its fence.
"""

import os
import socket
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from agents.models import Execution, Step
from miosa.pg.reading import read
from tenants.heartbeat import beating
from tenants.places import in_each_place

LEASE_S = 10.0
BEAT_S = 0.5  # also how soon a cancellation reaches a running call
RING_S = 10.0  # an unanswered message is sent again after this long
MAX_ATTEMPTS = 20  # a step that kills its worker ends in failed, it does not loop

# What is claimed is locked and told of there; the rows are read after it, by statements of their own.
CLAIM = """
SELECT * FROM agents_claim(%(step)s, %(owner)s, make_interval(secs => %(lease)s), %(versions)s);
SELECT * FROM agents_execution WHERE id = (SELECT execution_id FROM agents_step WHERE id = %(step)s);
SELECT * FROM agents_step WHERE execution_id = (SELECT execution_id FROM agents_step WHERE id = %(step)s) ORDER BY position"""

RENEW = """
UPDATE agents_step SET lease_until = now() + make_interval(secs => %s)
WHERE id = %s AND fence = %s AND state = 'running' RETURNING id"""

DUE = """
WITH due AS (
  SELECT id FROM agents_step
  WHERE state = 'ready' AND run_after <= now() AND (rung IS NULL OR rung < now() - make_interval(secs => %s))
      AND (%s OR key <> 'plan' OR attempt > 0)
     OR state = 'running' AND lease_until < now()
  ORDER BY created LIMIT %s FOR UPDATE SKIP LOCKED)
UPDATE agents_step s SET state = 'ready', rung = now(), lease_owner = '', lease_until = NULL
FROM due WHERE s.id = due.id RETURNING s.tenant_id, s.id, s.key = 'plan' AND s.attempt = 0"""


class LostLease(Exception):  # noqa: N818  it reads as what happened
    """Another worker owns the step, or it was cancelled: stop at once and write nothing."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one step, with its execution and all its steps as they were then. `lost` is set when it is gone.

    `is_changed`: changes of the step's agent may be in force.
    """

    tenant_id: UUID
    execution: Execution
    step: Step
    steps: tuple[Step, ...]
    is_changed: bool
    lost: threading.Event = field(default_factory=threading.Event, compare=False)

    @property
    def fence(self) -> int:
        return self.step.fence

    @property
    def step_id(self) -> UUID:
        return self.step.pk

    @property
    def execution_id(self) -> UUID:
        return self.execution.pk

    @property
    def key(self) -> str:
        return self.step.key

    def gone(self) -> LostLease:
        """Return what to raise where the step is somebody else's by now."""
        self.lost.set()
        return LostLease(str(self.step_id))


def claim(tenant_id: UUID, step_id: UUID, *, versions: str = "{}") -> Claim | None:
    """Take a step of the current tenant and mark its start, its execution locked first.

    `versions` are the prompt versions of agents, as JSON: that of the step's is written down whatever comes of it.
    None for a duplicate message, a step that is not due, or one of a paused execution: that one is held.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"step": step_id, "owner": owner, "lease": LEASE_S, "versions": versions})
        is_claimed, is_changed = cursor.fetchone()
        if not is_claimed:
            return None
        cursor.nextset()
        (execution,) = read(Execution, cursor)
        cursor.nextset()
        steps = tuple(read(Step, cursor))
    step = next(one for one in steps if one.pk == step_id)
    return Claim(tenant_id, execution, step, steps, is_changed)


def renew(held: Claim) -> None:
    """Prolong the lease; inside a transaction this also locks the step against every other writer.

    Raises:
        LostLease: the fence is not the row's any more.
    """
    with connection.cursor() as cursor:
        cursor.execute(RENEW, [LEASE_S, held.step_id, held.fence])
        if not cursor.fetchone():
            raise held.gone()


def kept(held: Claim) -> AbstractContextManager[None]:
    """Renew the lease from a thread of its own until the block ends."""
    return beating(held.tenant_id, f"lease-{held.key}", lambda: _renewed(held), every_s=BEAT_S)


class Due(NamedTuple):
    """A step that should be rung for; `is_new` where nothing of its execution has begun."""

    tenant_id: UUID
    step_id: UUID
    is_new: bool


def due(*, limit: int = 100, also_new: bool = True) -> list[Due]:
    """Return what should be rung for, of all tenants, as the platform; without `also_new` only what has begun.

    These are ready steps whose message was never sent, was lost or was not answered, and steps whose
    worker is dead. Any number of these may run at once. `limit` holds for each place that has rows of tenants.
    """
    return [Due(*row) for row in in_each_place(DUE, [RING_S, also_new, limit])]


def _renewed(held: Claim) -> bool:
    try:
        renew(held)
    except LostLease:
        return False
    return True
