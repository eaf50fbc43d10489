"""The sandbox server of a bare machine: E2B's wire over bubblewrap boxes, a process of its own without a database."""

import os
import signal
import sys

from miosa.embedded.http_server import ROOT, HttpServer
from miosa.embedded.processes import Launch, harmless
from miosa.embedded.server import LOCALHOST
from miosa.embedded.state import State

SECRET = "sandboxes"  # noqa: S105  its name in the state folder; deployments.sandboxes.permit reads the same


class Sandboxes(HttpServer):
    """Code that nobody has read runs there and nowhere else; its boxes end with it, by whatever it ends."""

    title = "the sandbox server"
    module = "deployments.sandboxes.server"
    stop_signal = signal.SIGTERM

    def launch(self, state: State, port: int) -> Launch:
        """Run it with this interpreter; its secret is read from the state folder, never from a command line."""
        command = (sys.executable, "-m", self.module, "--port", str(port), "--state", str(state.root))
        return Launch(command, ROOT, harmless(os.environ))

    def url(self, state: State, port: int) -> str:
        """Return its address with the secret that keys are made with, in the place of a password."""
        return f"http://:{state.secret(SECRET)}@{LOCALHOST}:{port}"
