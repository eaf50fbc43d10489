"""Run everything in the foreground until Ctrl-C."""

from typing import Any

from django.core.management.base import BaseCommand

from miosa.embedded.serving import serving
from miosa.embedded.unwinding import Stopped
from miosa.environment import effects, environment


class Command(BaseCommand):
    """`manage.py serve`."""

    help = "Start servers, web, worker and beat, and stop them all at Ctrl-C."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Tell what each absent key means, start, and wait for the end."""
        for effect in effects(environment()):
            self._say(f"{effect.name} is {'set' if effect.present else 'not set'}: {effect.effect}")
        try:
            with serving(environment(), say=self._say) as (site, supervisor):
                self._say(f"ready\n  admin     {site.admin_url}\n  API docs  {site.docs_url}")
                supervisor.wait()
        except Stopped:
            self._say("stopped")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
