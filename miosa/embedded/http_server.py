"""A server of our own that speaks HTTP: started as `python -m MODULE --port N`, ready when /health answers 200."""

import http.client
import os
import signal
import sys
from pathlib import Path

from miosa.embedded.processes import Launch, harmless
from miosa.embedded.server import LOCALHOST
from miosa.embedded.state import State

ROOT = Path(__file__).resolve().parents[2]


class HttpServer:
    """One of the model servers; it keeps nothing on disk, so it may be killed at any time."""

    stop_signal = signal.SIGKILL
    start_timeout_s = 60.0
    title = ""
    module = ""

    def prepare(self, state: State) -> None:
        """Nothing is kept, so nothing is made."""

    def launch(self, state: State, port: int) -> Launch:
        """Run the module with this interpreter; `state` holds nothing it needs."""
        del state
        threads = {name: os.environ[name] for name in ("MIOSA_MODEL_THREADS",) if name in os.environ}
        return Launch(
            (sys.executable, "-m", self.module, "--port", str(port)), ROOT, harmless(os.environ) | threads
        )

    def is_ready(self, state: State, port: int) -> bool:
        """Say whether /health answers 200: while the weights load it does not."""
        del state
        connection = http.client.HTTPConnection(LOCALHOST, port, timeout=1)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def url(self, state: State, port: int) -> str:
        """Return the OpenAI wire's base URL."""
        del state
        return f"http://{LOCALHOST}:{port}/v1"
