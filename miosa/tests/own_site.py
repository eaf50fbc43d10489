"""A site on a database cluster of its own, which a test may stop, fill or put something in front of."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from miosa.embedded import processes, services
from miosa.embedded.processes import Launch, harmless, until
from miosa.embedded.server import free_port
from miosa.environment import ROOT, Environment, export
from miosa.tests.bare_machine import BareMachine, bare_machine

START_S = 60
# Tenants with a key that holds every scope, an execution nobody works on, and a member of the staff.
FURNISH = """
import json
from django.test import Client
from django_tenants.utils import tenant_context
from agents.submission import submit
from miosa.pg.platform import platform
from tenants import api_keys
from tenants.models import User
from tenants.provisioning import open_tenant
from tenants.scopes import ALL
told = {"tenants": []}
for slug in ("acme", "globex"):
    opened = open_tenant(slug, name=slug, owner_email=f"owner@{slug}.example", password="a-long-password-1")
    with tenant_context(opened.tenant):
        key = api_keys.make("test", scopes=ALL, created_by_id=opened.owner.pk)[1]
        row = submit("Wait for a worker that never comes", requested_by=f"user:{opened.owner.pk}")
    told["tenants"].append({"id": str(opened.tenant.pk), "key": key, "execution": str(row.pk)})
client = Client()
with platform():
    client.force_login(User.objects.create_superuser("ada@miosa.example", "a-long-password-1"))
told["session"] = client.cookies["sessionid"].value
print(json.dumps(told))
"""


@dataclass(frozen=True)
class OwnSite:
    """The machine, the environment of its processes, and what was put into its database."""

    machine: BareMachine
    environment: Environment
    environ: dict[str, str]
    told: dict[str, Any]

    def script(self, text: str, *arguments: str, **variables: str) -> Any:
        """Run a script with Django set up there, and return the JSON of its last line."""
        return _script(self.environ | variables, text, *arguments)

    def start_script(self, text: str, *arguments: str) -> "subprocess.Popen[str]":
        """Start a script that is told when to end by the end of its input."""
        return subprocess.Popen(
            _command(text, *arguments), cwd=ROOT, env=self.environ, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    @contextlib.contextmanager
    def web(self, **variables: str) -> Iterator[str]:
        """Serve, as the product does, and yield the address."""
        port = free_port()
        address = ("--host", "127.0.0.1", "--port", str(port), "--no-ws", "--workers-kill-timeout", "2")
        command = (sys.executable, "-m", "granian", "--interface", "asgi", *address, "miosa.asgi:application")
        log = self.machine.state.log_file("web")
        with log.open("ab") as output:
            launch = Launch(command, ROOT, self.environ | variables, death_signal=signal.SIGTERM)
            server = processes.start(launch, output)
        try:
            url = f"http://127.0.0.1:{port}"
            assert until(lambda: _answers(url), timeout_s=START_S), log.read_text()
            yield url
        finally:
            processes.end(server, signal.SIGTERM, grace_s=10)

    def log(self) -> str:
        """Return what the web server said."""
        return (self.machine.state.log / "web.log").read_text()


@contextlib.contextmanager
def own_site(*need: str, **variables: str) -> Iterator[OwnSite]:
    """Yield a fresh, migrated and furnished site; nothing of it is left at the end."""
    with bare_machine() as machine:
        environment = services.ensure(machine.environment(**variables), need=need or ("database", "broker"))
        environ = harmless(os.environ) | {"DJANGO_SETTINGS_MODULE": "miosa.settings"}
        export(environment, environ)
        with Path(machine.root / "migrate.log").open("w+") as log:
            done = subprocess.run(
                [sys.executable, "manage.py", "migrate", "--skip-checks"],
                cwd=ROOT, env=environ, stdout=log, stderr=log, check=False,
            )  # fmt: skip
            assert done.returncode == 0, Path(log.name).read_text()
        yield OwnSite(machine, environment, environ, _script(environ, FURNISH))


def _script(environ: dict[str, str], text: str, *arguments: str) -> Any:
    done = subprocess.run(
        _command(text, *arguments), cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _command(text: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", f"import django; django.setup()\n{text}", *arguments]


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{url}/healthz").is_success
    return False
