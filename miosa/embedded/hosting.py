"""What the keeper knows of the hosting server: it has two ports, and keeps sites below the state folder."""

import os
import signal
import sys

from miosa.embedded.http_server import ROOT, HttpServer
from miosa.embedded.processes import Launch, harmless
from miosa.embedded.server import LOCALHOST
from miosa.embedded.state import State


class Hosting(HttpServer):
    """The local host of deployed sites and apps."""

    title = "the host of deployed sites"
    module = "deployments.hosting.server"
    stop_signal = signal.SIGTERM  # it writes down what was used

    def launch(self, state: State, port: int) -> Launch:
        """Run it on its control port; where the sites are and how long idle apps run is the operator's choice."""
        command = [sys.executable, "-m", self.module, "--port", str(port), "--state", str(state.root)]
        for variable, option in OPTIONS.items():
            if value := os.environ.get(variable):
                command += [option, value]
        return Launch(tuple(command), ROOT, harmless(os.environ))

    def url(self, state: State, port: int) -> str:
        """Return the control side's URL with its token."""
        return f"http://:{state.secret('hosting')}@{LOCALHOST}:{port}"


OPTIONS = {"MIOSA_SITES_PORT": "--sites-port", "MIOSA_SITES_URL": "--sites-url", "MIOSA_APP_IDLE_S": "--idle"}
