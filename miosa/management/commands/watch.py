"""Watch an execution in the terminal while it runs, or see a finished one again."""

import sys
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any, cast
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from agents import insight
from agents.models import Execution
from agents.watching.reading import approvals_now
from billing.money import format_usd
from miosa.demo.progress import Progress
from miosa.pages.visible import visible
from tenants.places import in_each_place
from tenants.task_scope import task_scope

LOOK_S = 0.3
LONGEST_PAUSE_S = 10.0  # of a film: nobody watches somebody else wait
WHOSE = "SELECT tenant_id FROM agents_execution WHERE id = %s"
Told = dict[str, Any]


class Command(BaseCommand):
    """`manage.py watch ID [--film [--speed N]]`; exits with 0 where it was completed."""

    help = "Watch an execution until it ends; --film shows one that has ended again, as it went."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Say which, and how."""
        parser.add_argument("execution", type=UUID, metavar="ID", help="the execution")
        parser.add_argument("--film", action="store_true", help="as it went, with its pauses")
        parser.add_argument("--speed", type=_speed, default=1.0, help="how many times as fast (with --film)")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Find whose it is, and follow it."""
        execution_id: UUID = options["execution"]
        found = in_each_place(WHOSE, [execution_id])
        if not found:
            raise CommandError(f"There is no execution {execution_id}.")
        out = cast(IO[str], self.stdout)
        console = Console(file=out, force_terminal=None if out.isatty() else False)
        with task_scope(found[0][0]):
            told = _events(execution_id)
            asked: set[str] = set()
            with Progress(console) as progress:
                for event in _as_it_went(told, options["speed"]) if options["film"] else told:
                    progress.take(event["kind"], event["data"])
                    if event["kind"] in {"agent_waits", "task_held"}:
                        _tell_questions(console, execution_id, asked)
            completed = _said(console, Execution.objects.get(pk=execution_id))
        if not completed:
            sys.exit(1)


def _events(execution_id: UUID) -> Iterator[Told]:
    """Yield its events, those to come as well, until it has ended."""
    number = 0
    while True:
        page = insight.events_after(execution_id, number)
        for event in page.events:
            number = event["number"]
            yield event
        if page.ended:
            return
        if not page.events:
            time.sleep(LOOK_S)


def _tell_questions(console: Console, execution_id: UUID, told: set[str]) -> None:
    """Print exactly what people are asked, once for each question."""
    for key, one in approvals_now(execution_id)["approvals"].items():
        if key not in told:
            told.add(key)
            console.print(f"  {one['question']} ({one['state']})", markup=False, highlight=False)
            console.print(one["effect"], markup=False, highlight=False)
            console.print(f"  SHA-256 {one['digest']}", markup=False, highlight=False)
            console.print(f"  /admin/deployments/approval/{key}/change/", markup=False, highlight=False)


def _as_it_went(told: Iterator[Told], speed: float) -> Iterator[Told]:
    before: datetime | None = None
    for event in told:
        at = datetime.fromisoformat(event["at"])
        if before is not None:
            time.sleep(min(LONGEST_PAUSE_S, (at - before).total_seconds()) / speed)
        before = at
        yield event


def _said(console: Console, execution: Execution) -> bool:
    """Print how it ended; tell whether it was completed."""
    why = f" ({execution.get_cause_display()})" if execution.cause else ""
    sure = "" if execution.confidence is None else f", confidence {execution.confidence} / 10"
    console.print(f"{execution.state}{why}{sure}, {format_usd(execution.cost_micros)}", highlight=False)
    if execution.error:
        console.print(visible(execution.error), markup=False, highlight=False)
    if execution.output:
        console.print()
        console.print(visible(execution.output), markup=False, highlight=False)
    return execution.state == Execution.State.COMPLETED


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed <= 1000:  # noqa: PLR2004
        raise ArgumentTypeError("from 0 to 1000")
    return speed
