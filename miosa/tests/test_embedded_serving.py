"""Serving starts the whole product, says why it cannot, and stops all of it."""

import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest

import manage
from miosa.embedded import serving
from miosa.embedded.processes import harmless, is_alive, until
from miosa.embedded.server import free_port
from miosa.embedded.services import EVERYTHING
from miosa.embedded.state import CannotStart
from miosa.environment import ROOT, read
from miosa.tests.bare_machine import BareMachine, processes_of


@pytest.fixture
def machine() -> Iterator[BareMachine]:
    """A fresh machine."""
    machine = BareMachine()
    yield machine
    machine.close()


def run(machine: BareMachine, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py on that machine, with nothing of this process's environment."""
    environ = harmless(os.environ) | {"MIOSA_STATE": str(machine.state.root)} | variables
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def test_up_and_down(machine):
    """`up` returns when /readyz says ready; a killed worker comes back; `down` leaves nothing; both may be repeated."""
    port = str(free_port())
    first = run(machine, "up", MIOSA_PORT=port)
    assert first.returncode == 0, first.stderr
    assert f"http://127.0.0.1:{port}/admin/" in first.stdout
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
        assert json.load(answer)["status"] == "ready"
    worker = int((machine.state.run / "worker.pid").read_text())
    os.kill(worker, signal.SIGKILL)
    assert until(lambda: (machine.state.run / "worker.pid").read_text() != f"{worker}\n", timeout_s=20)
    assert "runs (pid" in run(machine, "up", MIOSA_PORT=port).stdout
    assert run(machine, "down").stdout == "MIOSA has stopped.\n"
    assert processes_of(machine.root) == []
    assert run(machine, "down").stdout == "MIOSA does not run.\n"


def test_kill_9_of_the_serving_process_leaves_nothing(machine):
    """Web, worker, beat and the servers end with it, and what it recorded does not mislead the next one."""
    assert run(machine, "up", MIOSA_PORT=str(free_port())).returncode == 0
    pid = int((machine.state.run / "serve.pid").read_text())
    assert len(processes_of(machine.root)) > 8
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: not is_alive(pid) and processes_of(machine.root) == [], timeout_s=15)
    assert serving.running_site(machine.state) is None
    assert run(machine, "down").stdout == "MIOSA does not run.\n"


def test_a_taken_port_is_one_line_and_nothing_starts(machine):
    """Exit code 2, no traceback, no server was started."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = run(machine, "serve", MIOSA_PORT=str(port))
    assert refused.returncode == 2
    assert refused.stderr.startswith(
        f"Port {port} of 127.0.0.1 cannot be used (Address already in use): stop what"
    )
    assert refused.stderr.count("\n") == 1
    assert not machine.state.root.exists()


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"JWT_SECRET": "short"}, "JWT_SECRET is shorter than 32 bytes"),
        ({"GROQ_API_KEY_FILE": "/no/such/file"}, "GROQ_API_KEY_FILE names a file that cannot be read"),
        (
            {"DATABASE_URL": "postgresql://root@127.0.0.1:1/x", "REDIS_URL": "redis://c"},
            "DATABASE_URL has no password",
        ),
        (
            {
                "DATABASE_URL": "postgresql://app:1@db/m",
                "DATABASE_PLATFORM_URL": "postgresql://platform:2@db/m",
                "REDIS_URL": "redis://c",
            },
            "DATABASE_OWNER_URL is missing: `migrate` runs as the owner",
        ),
        ({"MIOSA_STATE": "/proc/nowhere"}, "/proc/nowhere cannot be used"),
    ],
)
def test_a_wrong_environment_is_one_line(machine, variables, line):
    """Whatever is wrong before Django starts is one line on stderr and exit code 2."""
    refused = run(machine, "migrate", **variables)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert refused.stderr.startswith(line)


def test_a_second_one_on_the_same_folder_is_refused(machine):
    """Two of them would share process id files; the second says what to do."""
    machine.state.create()
    quiet: list[str] = []
    with serving._alone(machine.state):
        environment = replace(machine.environment(), port=free_port())
        with pytest.raises(
            CannotStart, match=r"MIOSA runs already on .*: use it, or stop it with `make down`"
        ):
            serving.serving(environment, say=quiet.append).__enter__()


def test_readiness_is_what_readyz_says(machine):
    """The reasons of /readyz are passed on, so a start that hangs tells why."""
    answers = [
        (
            503,
            {"checks": {"database": {"ok": True, "detail": ""}, "worker": {"ok": False, "detail": "silent"}}},
        ),
        (500, {"no": "checks"}),
        (200, {}),
    ]

    class Readyz(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers[0]
            assert (self.path, self.headers["Host"]) == ("/readyz", "miosa.example")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with http.server.HTTPServer(("127.0.0.1", 0), Readyz) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = machine.environment(
            MIOSA_PORT=str(server.server_port), MIOSA_ALLOWED_HOSTS="*,.miosa.example"
        )
        said = []
        while answers:
            said.append(serving._what_is_missing(environment))
            answers.pop(0)
        server.shutdown()
    assert said == ["worker: silent", "/readyz answers 500", ""]
    assert serving._what_is_missing(environment).startswith("the web server does not answer")


def test_the_site_of_every_interface_is_reached_on_this_machine():
    """0.0.0.0 is no address to open in a browser; IPv6 goes into brackets."""
    urls = [
        serving.site_of(read({"MIOSA_HOST": host})).url for host in ("0.0.0.0", "::", "::1", "miosa.example")
    ]
    assert urls == ["http://127.0.0.1:8000"] * 2 + ["http://[::1]:8000", "http://miosa.example:8000"]


def test_a_command_starts_what_it_needs_and_no_more():
    """Help needs nothing, a migration the database, serving everything."""
    assert manage.needs([]) == manage.needs(["help"]) == manage.needs(["serve", "--help"]) == frozenset()
    assert manage.needs(["makemigrations", "--check"]) == manage.USUAL
    assert manage.needs(["up"]) == frozenset()
    assert manage.needs(["migrate"]) == {"database", "broker"}
    assert manage.needs(["demo"]) == EVERYTHING
