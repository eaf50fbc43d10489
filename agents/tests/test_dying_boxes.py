"""kill -9 of a worker whose code runs in a box: whoever goes on finds room for another, and the old one is gone."""

import os
import subprocess
import sys

import pytest
from e2b_code_interpreter import Sandbox

from agents.models import ToolUse
from agents.tests.tool_scene import again, begun
from deployments import execution
from deployments.models import SandboxRun
from deployments.sandbox_runs_permit import permit, where
from deployments.tests.boxes import needs_boxes
from miosa.embedded.processes import until
from miosa.environment import ROOT, export
from miosa.testing.web_process import on_the_test_database

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True), needs_boxes]
IN_TIME_S = 120
ASKED = {"command": "test -f quick || sleep 50"}
WORKER = """
import sys, django
django.setup()
from uuid import UUID
from agents.models import Step
from agents.tests.tool_scene import again, use
from tenants.task_scope import task_scope
with task_scope(sys.argv[1]) as tenant:
    bench = again(tenant, Step.objects.get(pk=UUID(sys.argv[2])))
    turns = bench.earlier()
    returned = turns[0].returned[0] if turns else use(bench, "run_command", command=sys.argv[3])
    print(returned.text)  # it is killed before, unless its box could not be opened
"""


def boxes():
    """The tenant's boxes that are open at the server."""
    return Sandbox.list(**where().options(permit())).next_items()


def killed_at_work(tenant, step):
    """Let a worker run the step's command in a box, and be killed meanwhile."""
    environ = dict(os.environ)
    export(on_the_test_database(), environ)
    environ |= {"DJANGO_SETTINGS_MODULE": "miosa.settings"}
    before = {one.sandbox_id for one in boxes()}
    command = [sys.executable, "-c", WORKER, str(tenant.pk), str(step.pk), ASKED["command"]]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as process:

        def opened():
            return {one.sandbox_id for one in boxes()} - before

        until(lambda: opened() or process.poll() is not None, timeout_s=IN_TIME_S, interval_s=0.2)
        is_at_work = bool(opened())
        process.kill()
        said, _ = process.communicate()
    assert is_at_work, said or "nothing was opened, and nothing said"


def test_the_plans_boxes_are_not_kept_by_the_dead(tenant, monkeypatch):
    """As many workers die as the plan has boxes; the next one has its box at once, and the use is recorded once."""
    monkeypatch.setattr(execution, "PATIENCE_S", 1.0)
    bench = begun(tenant)
    most = permit().boxes
    for _ in range(most):
        killed_at_work(tenant, bench.step)
    later = again(tenant, bench.step)
    later.keep({"quick": b""})
    [turn] = later.earlier()
    assert turn.returned[0].ok, turn.returned[0].text
    assert ToolUse.objects.count() == 1
    states = sorted(SandboxRun.objects.values_list("state", flat=True))
    assert states == ["completed", *["failed"] * most]
    assert boxes() == []
