"""What the keeper must know of a server to run it."""

import signal
import socket
from pathlib import Path
from typing import Protocol

from miosa.embedded.processes import Launch
from miosa.embedded.state import CannotStart, State

LOCALHOST = "127.0.0.1"


class Server(Protocol):
    """A program that listens on a port of 127.0.0.1 and keeps its data below the state folder."""

    title: str
    stop_signal: signal.Signals
    start_timeout_s: float

    def prepare(self, state: State) -> None:
        """Make what the start needs, once. Raise CannotStart."""

    def launch(self, state: State, port: int) -> Launch:
        """Return how it is started. Raise CannotStart where a file is missing."""

    def is_ready(self, state: State, port: int) -> bool:
        """Say whether it answers."""

    def url(self, state: State, port: int) -> str:
        """Return the URL its clients use, with its password."""


def packaged(package: str, *parts: str, instead: str) -> Path:
    """Return a file that ships in a package, without importing it; `instead` is the variable that replaces it.

    These packages are installed without what they require, so importing them would fail.
    """
    from importlib.util import find_spec

    spec = find_spec(package)
    if (
        spec is None
        or spec.origin is None
        or not (path := Path(spec.origin).parent.joinpath(*parts)).exists()
    ):
        raise CannotStart(
            f"The package {package} is not installed: run `make venv`, or set {instead} to a server of your own."
        )
    return path


def free_port(preferred: int = 0) -> int:
    """Return a free port of 127.0.0.1: the preferred one if nobody took it."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOCALHOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise CannotStart("No port of 127.0.0.1 is free: end some programs and try again.")
