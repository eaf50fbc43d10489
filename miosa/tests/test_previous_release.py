"""An execution that the previous release began is ended by this one: its rows go through that release's schema and back."""

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import pytest

from miosa.environment import ROOT
from miosa.tests.test_migrations import NAME, migrate, owner_url

__all__ = ["owner_url"]  # the fixture: an empty database of its own

PREVIOUS = "0004_control_of_executions"  # the last migration of agents that was released before
BEGIN = """
from tenants.provisioning import open_tenant
from tenants.task_scope import task_scope
from agents import orchestrator, submission
made = open_tenant("acme", name="Acme", owner_email="ada@acme.example", password="some-password-1")
with task_scope(str(made.tenant.pk)):
    execution = submission.submit("Check the health of the platform", requested_by="user:1")
    orchestrator.run_step(made.tenant.pk, execution.steps.get().pk)
    print(json.dumps({"tenant": str(made.tenant.pk), "execution": str(execution.pk)}))
"""
END = """
from uuid import UUID
from tenants.task_scope import task_scope
from agents import tasks
from agents.models import Execution, Step
told = json.loads(sys.argv[1])
with task_scope(told["tenant"]):
    ready = Step.objects.get(execution_id=told["execution"], state="ready")
tasks.run_step(told["tenant"], str(ready.pk))
with task_scope(told["tenant"]):
    execution = Execution.objects.get(pk=told["execution"])
    steps = {step.key: [step.state, step.attempt] for step in execution.steps.all()}
    print(json.dumps({"state": execution.state, "output": execution.output, "error": execution.error, "steps": steps}))
"""
SETUP = "import json, os, sys; import django; django.setup()\n"


def script(owner, code, *arguments):
    """Run code as a process of the product on the test's own database; return what it printed last."""
    moved = {
        name: urlsplit(os.environ[name])._replace(path=f"/{NAME}").geturl()
        for name in ("DATABASE_URL", "DATABASE_PLATFORM_URL")
    }
    environ = os.environ | moved | {"DATABASE_OWNER_URL": owner, "DJANGO_SETTINGS_MODULE": "miosa.settings"}
    command = [sys.executable, "-c", SETUP + code, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.django_db
def test_it_ends_what_the_previous_release_began(owner_url):
    """The plan that was made is kept and not made again; what was ready is done, and the answer is there."""
    migrate(owner_url)
    begun = script(owner_url, BEGIN)
    migrate(owner_url, "agents", PREVIOUS)
    with psycopg.connect(owner_url) as database:
        columns = database.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'agents_step'"
        ).fetchall()
    assert ("permits",) not in columns  # it stands as the previous release has it
    migrate(owner_url)
    ended = script(owner_url, END, json.dumps(begun))
    assert (ended["state"], ended["error"]) == ("completed", "")
    assert ended["output"]
    assert ended["steps"]["plan"] == ["completed", 1]
    assert {state for state, _ in ended["steps"].values()} == {"completed"}
