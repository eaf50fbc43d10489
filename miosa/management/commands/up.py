"""Run everything in the background."""

import subprocess
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from miosa.embedded.processes import until
from miosa.embedded.serving import READY_TIMEOUT_S, Site, running_pid, running_site
from miosa.embedded.state import State
from miosa.environment import ROOT, environment

START_TIMEOUT_S = READY_TIMEOUT_S + 180


class Command(BaseCommand):
    """`manage.py up`."""

    help = "Start everything in the background and return when it is ready; `down` stops it."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Start `serve` detached unless it runs; fail with the end of its log."""
        state = State(environment().state_dir).create()
        if running_pid(state) is None:
            self._start(state)
        site = running_site(state)
        if site is None:
            raise CommandError(f"MIOSA is just starting or stopping; see {state.log / 'serve.log'}.")
        self.stdout.write(self._told(site))

    def _start(self, state: State) -> None:
        with state.log_file("serve").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603  our own command
                (sys.executable, str(ROOT / "manage.py"), "serve"),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.stdout.write("starting ...")
        self.stdout.flush()
        until(lambda: running_site(state) or process.poll() is not None, timeout_s=START_TIMEOUT_S)
        if process.poll() is not None:
            lines = "".join(f"\n  {line}" for line in state.last_lines("serve"))
            raise CommandError(f"MIOSA could not start; the end of {state.log / 'serve.log'}:{lines}")
        # It is meant to outlive us; without this Python would warn that it does.
        process.returncode = 0

    def _told(self, site: Site) -> str:
        return f"MIOSA runs (pid {site.pid})\n  admin     {site.admin_url}\n  API docs  {site.docs_url}"
