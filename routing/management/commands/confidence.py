"""How well confidences tell what happens, and their maps learned anew on demand."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.table import Table

from miosa.drawing.reliability import Met, reliability_diagram
from routing import relearning
from routing.confidence_report import ALL, LABELS, AgentReport, labels_there, report
from routing.management.router_commands import span
from routing.reliability.bins import Bin

BAR = 20  # columns of the diagram in a terminal


class Command(BaseCommand):
    """`manage.py confidence report | relearn`: exit code 2 for a misuse."""

    help = "Confidences: ECE, Brier and reliability by agent, and learning them anew."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Give each sub-command its own arguments."""
        subparsers = parser.add_subparsers(dest="subcommand", metavar="SUBCOMMAND", required=True)
        shown = subparsers.add_parser("report", help="ECE, Brier and a reliability diagram of each agent")
        span.add_arguments(shown)
        shown.add_argument(
            "--labels", choices=list(LABELS), default="both",
            help="who says what was right; by the checks themselves it is a circle, for a first look",
        )  # fmt: skip
        shown.add_argument(
            "--plot", type=Path, metavar="FILE.svg", help="draw the reliability diagram of all agents"
        )
        again = subparsers.add_parser(
            "relearn", help="fit the maps, and what prompts teach, now instead of in a while"
        )
        again.add_argument("--tenant", metavar="SLUG", help="only this tenant; the default is all of them")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the sub-command."""
        if options["subcommand"] == "relearn":
            for tenant in span.each_tenant(options["tenant"]):
                relearning.relearn()
                self.stdout.write(f"{tenant.slug}: learned anew")
            return
        since = timezone.now() - options["since"]
        found = {
            tenant.slug: (report(since=since, labels=options["labels"]), labels_there())
            for tenant in span.each_tenant(options["tenant"])
        }
        if options["plot"]:
            self._plot(options["plot"], found)
        if options["json"]:
            self.stdout.write(json.dumps({slug: _as_json(*one) for slug, one in found.items()}))
            return
        for slug, (agents, labels) in found.items():
            self.stdout.write(span.printed(*_shown(slug, agents, labels, by=options["labels"])))

    def _plot(self, path: Path, found: dict[str, tuple[list[AgentReport], dict[str, int]]]) -> None:
        drawn = [(slug, agents[0]) for slug, (agents, _) in found.items() if agents]
        if len(drawn) != 1:
            raise CommandError(
                f"A plot is of one tenant with judged answers, here are {len(drawn)}: choose one by --tenant.",
                returncode=span.MISUSED,
            )
        slug, everybody = drawn[0]
        title = f"Confidence and what happened, {slug}: {everybody.n} answers"
        path.write_text(reliability_diagram([_met(one) for one in everybody.bins], title=title))
        self.stderr.write(f"drawn: {path}")


def _shown(slug: str, agents: Sequence[AgentReport], labels: dict[str, int], *, by: str) -> list[Any]:
    told = ", ".join(f"{count:,} by {source}" for source, count in labels.items())
    if not agents:
        missing = (
            f"{slug}: nothing to compare with; said of answers so far: {told}. POST /api/v1/feedback, or a judge's"
            " share in the routing policy, gives confidences something to be held against.\n"
        )
        return [missing]
    table = Table(title=f"{slug}: confidences as shown, labels of {by}", title_justify="left")
    for column in ("agent", "answers", "ECE", "Brier", "best constant", "ECE unmapped", "Brier unmapped"):
        table.add_column(column, justify="left" if column == "agent" else "right")
    for one in agents:
        numbers = (one.ece, one.brier, one.brier_constant, one.ece_unmapped, one.brier_unmapped)
        table.add_row(one.agent, f"{one.n:,}", *(f"{number:.3f}" for number in numbers))
    return [table, _diagram(agents[0]), f"said of answers so far: {told}\n"]


def _diagram(everybody: AgentReport) -> Table:
    table = Table(title=f"Reliability, {ALL}", title_justify="left")
    for column in ("confidence", "answers", "said", "happened", "95 % interval", ""):
        table.add_column(column, justify="left" if not column else "right")
    for one in everybody.bins:
        table.add_row(
            f"{10 * one.lower:.0f} to {10 * one.upper:.0f}",
            f"{one.n:,}",
            f"{one.mean_chance:.0%}",
            f"{one.mean_outcome:.0%}",
            f"{one.low:.0%} to {one.high:.0%}",
            _bar(one),
        )
    return table


def _bar(one: Bin) -> str:
    """What happened as a bar, and where it should have ended."""
    filled, meant = round(one.mean_outcome * BAR), min(BAR - 1, round(one.mean_chance * BAR))
    bar = "█" * filled + "·" * (BAR - filled)
    return f"{bar[:meant]}|{bar[meant + 1 :]}"


def _met(one: Bin) -> Met:
    return Met(one.mean_chance, one.mean_outcome, one.low, one.high, one.n)


def _as_json(agents: Sequence[AgentReport], labels: dict[str, int]) -> dict[str, Any]:
    return {
        "labels": labels,
        "agents": [{**one._asdict(), "bins": [each._asdict() for each in one.bins]} for one in agents],
    }
