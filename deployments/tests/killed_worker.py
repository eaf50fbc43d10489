"""A worker in a process of its own, for tests that let it be killed: it deploys on the plain target until it dies or is done."""

import json
import os
import signal
import subprocess
import sys
from typing import Any

from deployments.models import Deployment
from miosa.environment import ROOT, export
from miosa.testing.web_process import on_the_test_database

PROCESS = """
import json, sys, time, django
django.setup()
from pathlib import Path
from uuid import UUID
from deployments.lifecycle.advance import advance
from deployments.models import Deployment
from deployments.targets import registry
from deployments.targets.local import LocalTarget
from deployments.tests.killed_worker import Deadly
from miosa.testing.plain_target import PlainTarget
from tenants.task_scope import task_scope

chosen = json.loads(sys.argv[1])
if "folder" in chosen:
    registry.TARGETS = {"plain": PlainTarget(Path(chosen["folder"]))}
else:
    registry.TARGETS = {"local": Deadly(LocalTarget(chosen["url"]), chosen["method"], chosen["after"])}
tenant, ENDED = UUID(sys.argv[2]), ("live", "failed", "canceled", "superseded")
with task_scope(tenant):
    until = time.monotonic() + 40
    while time.monotonic() < until:
        waiting = list(Deployment.objects.exclude(state__in=ENDED).values_list("pk", flat=True))
        if not waiting:
            break
        for pk in waiting:
            advance(tenant, pk)
        time.sleep(0.05)
"""


class Deadly:
    """A target that kills its own process at the first call of a method: before it is done, or after."""

    def __init__(self, target: Any, method: str, after: bool) -> None:
        self._target, self._method, self._after = target, method, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        return self._last_call(found) if name == self._method else found

    def _last_call(self, call: Any) -> Any:
        def called(*args: Any, **options: Any) -> None:
            if self._after:
                call(*args, **options)
            os.kill(os.getpid(), signal.SIGKILL)

        return called


def start(world: Any) -> "subprocess.Popen[bytes]":
    """Start a worker for the tenant of a plain world."""
    return _started(world.project.tenant_id, {"folder": str(world.target.state.folder)})


def start_here(tenant_id: Any, control_url: str, method: str, *, after: bool) -> "subprocess.Popen[bytes]":
    """Start a worker that deploys on a real host, and dies at a method of its target."""
    return _started(tenant_id, {"url": control_url, "method": method, "after": after})


def _started(tenant_id: Any, chosen: dict[str, Any]) -> "subprocess.Popen[bytes]":
    environ = dict(os.environ)
    export(on_the_test_database(), environ)
    environ |= {"DJANGO_SETTINGS_MODULE": "miosa.settings"}
    command = [sys.executable, "-c", PROCESS, json.dumps(chosen), str(tenant_id)]
    return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def exit_of(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    """Wait for its end: -9 where it was killed, and what it said."""
    said, _ = process.communicate(timeout=60)
    return process.returncode, said.decode(errors="replace")


def leases_run_out() -> None:
    """Let the time of dead workers be over."""
    from django.contrib.postgres.functions import TransactionNow

    Deployment.objects.filter(lease_until__isnull=False).update(lease_until=TransactionNow())
