"""What tests of the live page need: providers whose words they choose, its address, the server's state, a line to cut."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.urls import reverse

from agents.models import Execution
from agents.watching import reading
from miosa.pg.platform import platform
from miosa.testing.flows import providers
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer

TASK = "Explain what a gateway is."
ANSWER = "Gateways let calls through. They count what is used. They stop what is too much."
IS_LIVE = "document.querySelector('#m-link-state').textContent === 'live'"
STATE = "JSON.stringify(miosaLive.state)"


@pytest.fixture
def models(tenant: Any) -> Iterator[dict[str, Any]]:
    """Providers that answer what the test puts into `text`, with `gap_s` between the pieces."""
    del tenant
    said: dict[str, Any] = {"text": ANSWER, "gap_s": 0.0}
    usage = {"prompt_tokens": 20, "completion_tokens": 10}
    with (
        WireServer(lambda _asked: Reply(**said, usage=usage)) as wire,
        providers(groq=wire.url, embeddings=wire.url.removesuffix("/v1")),
    ):
        yield said


def way(execution: Execution, name: str = "live") -> str:
    """Return the path of the page, or of what stands below it."""
    ending = "" if name == "live" else f"_{name}"
    return reverse(f"admin:agents_execution_live{ending}", args=[execution.pk])


def state_of(execution: Execution) -> Any:
    """Return the state as the server folds it now, as JSON brings it to a page."""
    with platform():
        row = Execution.objects.select_related("tenant").get(pk=execution.pk)
        return json.loads(json.dumps(reading.state_of(row)))


class Line:
    """A line to a server that a test may cut: TCP handed on both ways."""

    def __init__(self, port: int) -> None:
        self._port, self._open = port, list[socket.socket]()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """Break every connection that stands now; new ones are taken."""
        cut, self._open = self._open, []
        for one in cut:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self) -> None:
        """Take no more, and break what stands."""
        self._door.close()
        self.cut()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                self._open += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=ends, daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """Open a line to a port of this machine."""
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
