"""Where the conformance suite runs: our own server always, E2B's cloud where its key is set."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from deployments.sandboxes.permit import Permit, seal
from miosa.embedded.http_server import ROOT
from miosa.embedded.processes import until
from miosa.embedded.sandboxes import Sandboxes
from miosa.embedded.server import free_port
from miosa.embedded.state import State

KEY = "E2B_API_KEY"
LIVE = [
    pytest.mark.live,
    pytest.mark.skipif(not os.environ.get(KEY), reason=f"{KEY} is not set: E2B's cloud is not tried"),
]
PLACES = ["ours", pytest.param("cloud", marks=LIVE)]
PERMIT = Permit("tenant-a", boxes=12, lifetime_s=3600)


@dataclass(frozen=True)
class Place:
    """One server of E2B's wire, and the options with which the SDK reaches it."""

    name: str
    options: Mapping[str, Any]

    @property
    def ours(self) -> bool:
        """Whether it is our own server."""
        return self.name == "ours"

    @contextmanager
    def open(self, **values: Any) -> Iterator[Any]:
        """Open a sandbox for the block."""
        from e2b_code_interpreter import Sandbox

        sandbox = Sandbox.create(**{"timeout": 120} | values, **self.options)
        try:
            yield sandbox
        finally:
            sandbox.kill()


@dataclass
class OurServer:
    """Our server as the keeper starts it, on a state folder of its own."""

    state: State
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The value of MIOSA_SANDBOXES_URL."""
        return Sandboxes().url(self.state, self.port)

    def key(self, **values: Any) -> str:
        """Return a key; `values` differ from the suite's permit."""
        return seal(replace(PERMIT, **values), self.state.secret("sandboxes"))

    def place(self, **values: Any) -> Place:
        """Return how the SDK reaches it."""
        options = {
            "api_key": self.key(**values),
            "api_url": self.address,
            "sandbox_url": self.address,
            "http_version": "1.1",
            "debug": False,
            "retries": 0,
        }
        return Place("ours", options)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it and wait until it is gone."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(20)


@contextmanager
def our_server(*arguments: str) -> Iterator[OurServer]:
    """Start our server for the block."""
    folder = Path(tempfile.mkdtemp(prefix="e2b-"))
    state, server, log = State(folder).create(), Sandboxes(), folder / "log" / "sandboxes.log"
    port = free_port()
    launch = server.launch(state, port)
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE")}
    environ = dict(launch.environ) | measured
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*launch.command, *arguments], cwd=ROOT, env=environ, stdout=output, stderr=output
        )
    running = OurServer(state, port, process, log)
    try:
        ready = until(lambda: server.is_ready(state, port) or process.poll() is not None, timeout_s=30)
        assert ready, log.read_text()
        assert process.poll() is None, log.read_text()
        yield running
    finally:
        running.end()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(name="server", scope="session")
def server_fixture() -> Iterator[OurServer]:
    """One server of ours for all tests that harm it in no way."""
    with our_server() as running:
        yield running


@pytest.fixture(name="place", scope="module", params=PLACES)
def place_fixture(request: pytest.FixtureRequest) -> Place:
    """Each place of the suite in turn."""
    if request.param == "ours":
        running: OurServer = request.getfixturevalue("server")
        return running.place(tenant=f"suite-{secrets.token_hex(4)}")
    return Place("cloud", {"api_key": os.environ[KEY]})


@pytest.fixture(name="sandbox", scope="module")
def sandbox_fixture(place: Place) -> Iterator[Any]:
    """One sandbox for the tests of a file, which leave it as they found it."""
    with place.open(timeout=300) as sandbox:
        yield sandbox
