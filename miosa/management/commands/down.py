"""Stop what `up` started."""

import os
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from miosa.embedded.processes import until
from miosa.embedded.serving import running_pid
from miosa.embedded.state import State
from miosa.environment import environment

STOP_TIMEOUT_S = 60.0


class Command(BaseCommand):
    """`manage.py down`."""

    help = "Stop what runs on this state folder; does nothing where nothing runs."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Ask the serving process to stop and wait until it has."""
        state = State(environment().state_dir)
        pid = running_pid(state)
        if pid is None:
            self.stdout.write("MIOSA does not run.")
            return
        os.kill(pid, signal.SIGTERM)
        if not until(lambda: running_pid(state) != pid, timeout_s=STOP_TIMEOUT_S):
            os.kill(pid, signal.SIGKILL)  # its children and servers end with it
            raise CommandError(
                f"MIOSA (pid {pid}) did not stop in {STOP_TIMEOUT_S:.0f} seconds and was killed."
            )
        self.stdout.write("MIOSA has stopped.")
