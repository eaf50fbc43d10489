"""Runs that nobody waits for: a worker takes one on, keeps its lease, and ends its box when it is cancelled.

A box has no effect outside itself, so a run whose worker died is simply begun again by the next one.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from celery import current_app
from django.db import Error, connection
from kombu.exceptions import OperationalError as BrokerAway

from deployments import sandbox_runs
from deployments.models import SandboxRun
from deployments.sandbox_runs_performing import Asked
from deployments.sandbox_runs_permit import permit
from deployments.sandbox_runs_work import carry_out
from deployments.sandboxes.contract import SandboxError
from deployments.sandboxes.e2b import OpenSandbox
from deployments.sandboxes.outcomes import SandboxBusy
from tenants.models import Tenant
from tenants.task_scope import task_scope

logger = logging.getLogger(__name__)

TASK = "deployments.run_sandbox"
BEAT_S = 0.5  # also how soon a cancellation reaches the box
SHELL = "shell"


def run(tenant_id: UUID, run_id: UUID) -> None:
    """Carry out a queued run of the current tenant; nothing happens where it is not queued, or has no room yet."""
    fence = sandbox_runs.claim(run_id, boxes=permit().boxes)
    if fence is None:
        return
    row = SandboxRun.objects.get(pk=run_id)
    watched = _Watched(tenant_id, run_id, fence)
    try:
        with watched.kept():
            carry_out(row, fence, asked(row), opened=watched.opened)
    except SandboxBusy:
        sandbox_runs.give_back(run_id, fence)
    except SandboxError as error:
        logger.info("Run %s could not be carried out: %s", run_id, error)


def asked(row: SandboxRun) -> Asked:
    """Return what a row asks for."""
    if row.language == SHELL:
        return Asked(commands=tuple(row.commands), files=row.files, timeout_s=row.timeout_s)
    return Asked(code=row.code, kernel=row.language, files=row.files, timeout_s=row.timeout_s)


def ring(tenant_id: UUID | str, run_id: UUID) -> None:
    """Call a worker; a broker that is away is no error, since the row rings again."""
    try:
        current_app.send_task(TASK, (str(tenant_id), str(run_id)), ignore_result=True, retry=False)
    except (BrokerAway, ConnectionError, TimeoutError):
        logger.warning("The broker is away; run %s is rung again", run_id)


class _Watched:
    """Renews a run's lease from a thread of its own; when that fails the run is another's, and its box is ended."""

    def __init__(self, tenant_id: UUID, run_id: UUID, fence: int) -> None:
        self._tenant_id, self._run_id, self._fence = tenant_id, run_id, fence
        self._stop, self._lost = threading.Event(), threading.Event()
        self._sandbox: OpenSandbox | None = None

    def opened(self, sandbox: OpenSandbox) -> None:
        """Know the box; it is ended at once where the run was lost meanwhile."""
        self._sandbox = sandbox
        if self._lost.is_set():
            sandbox.end()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the lease until the block ends."""
        beat = threading.Thread(target=self._beat, name=f"run-{self._run_id}", daemon=True)
        beat.start()
        try:
            yield
        finally:
            self._stop.set()
            beat.join()

    def _beat(self) -> None:
        try:
            with task_scope(self._tenant_id):
                while not self._stop.wait(BEAT_S):
                    if not self._renewed():
                        return
        except Tenant.DoesNotExist:
            logger.info("No heartbeat for run %s: its tenant is gone", self._run_id)
        except Error:
            logger.warning("No heartbeat for run %s: the database is away", self._run_id)
        finally:
            connection.close()

    def _renewed(self) -> bool:
        try:
            if sandbox_runs.renew(self._run_id, self._fence):
                return True
        except Error:
            logger.warning("The database is away; the lease of run %s is tried again", self._run_id)
            connection.close()
            return True
        self._lost.set()
        if self._sandbox:
            self._sandbox.end()
        return False
