"""The whole product on one screen: start everything, hand in a task, watch it, read the answer."""

import os
import sys
from pathlib import Path
from typing import Any

import httpx
from django.core.management.base import BaseCommand
from rich.console import Console

from agents.text.site_kind import asks_for_site
from miosa.demo.account import Account, open_account
from miosa.demo.client import Client, Refused
from miosa.demo.isolation import isolation
from miosa.demo.kept import attached, keep
from miosa.demo.online import approve, online
from miosa.demo.progress import Progress
from miosa.demo.report import places, report
from miosa.demo.task import DEFAULT_TASK
from miosa.embedded.serving import Site, serving
from miosa.embedded.unwinding import Stopped
from miosa.environment import effects, environment

NOT_COMPLETED = 1


class Command(BaseCommand):
    """`manage.py demo`; its variables come from the environment, so that any text survives the shell.

    TASK, FILES (paths that go in with it), OUT (folder for its files and a transcript), PROJECT, ONCE.
    """

    help = "Start everything, run TASK (or a sensible one) and keep serving; ONCE=1 stops after the result."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        console = Console()
        task = os.environ.get("TASK", "").strip() or DEFAULT_TASK
        once = os.environ.get("ONCE", "") not in {"", "0"}
        for effect in effects(environment()):
            console.print(
                f"{'✓' if effect.present else '·'} {effect.name}: {effect.effect}",
                style="dim",
                highlight=False,
            )
        completed = isolated = False
        try:
            with serving(environment(), say=lambda line: console.print(line, style="dim")) as (
                site,
                supervisor,
            ):
                account = open_account(environment().state_dir)
                completed = _run(console, site, account, task)
                isolated = isolation(console)
                places(console, site, account)
                if not once:
                    console.print("Serving. Ctrl-C stops everything.")
                    supervisor.wait()
        except Stopped:
            console.print("stopped")
        if not (completed and isolated):
            sys.exit(NOT_COMPLETED)


def _run(console: Console, site: Site, account: Account, task: str) -> bool:
    client = Client(site.url, account)
    try:
        deploys = asks_for_site(task)
        project = os.environ.get("PROJECT", "").strip() if deploys else ""
        files = attached(os.environ.get("FILES", ""))
        execution_id = client.submit(task, deploy=deploys, project=project, files=files)
        console.print(f"\n[bold]Task[/bold]  {task[:200]}{'…' if len(task) > 200 else ''}\n", highlight=False)  # noqa: PLR2004
        with Progress(console) as progress:
            for kind, data in client.follow(execution_id):
                progress.take(kind, data)
                if kind == "agent_waits":
                    approve(console, client, execution_id)
        console.print(f"first step after {progress.first_step_s or 0:.1f} s", style="dim")
        completed = report(console, client, execution_id)
        if out := os.environ.get("OUT", "").strip():
            for path in keep(client, execution_id, Path(out)):
                console.print(f"kept {path}", style="dim", highlight=False)
        return online(console, client, execution_id) and completed if deploys else completed
    except (Refused, OSError, httpx.HTTPError) as error:
        console.print(f"The task could not be run: {error}", style="red", highlight=False)
        return False
