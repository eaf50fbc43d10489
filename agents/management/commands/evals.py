"""The agents' evaluation sets, run here and held against the scores that ship with the project."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.table import Table

from agents.evals import baseline, junit
from agents.evals.baseline import Compared
from agents.evals.cases import agents_with_sets
from agents.evals.models import LocalModel
from agents.evals.running import MODELS, Scored, run
from miosa.embedded import services
from miosa.embedded.state import CannotStart
from miosa.environment import environment
from routing.management.router_commands.span import printed

MISUSED = 2


class Command(BaseCommand):
    """`manage.py evals run`: exit code 1 where an agent is worse than its baseline, 2 for a misuse."""

    help = "Run the agents' evaluation sets: a table, JUnit XML, and exit code 1 on a regression."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Which agents, with which model, against what."""
        asked = parser.add_subparsers(dest="subcommand", metavar="SUBCOMMAND", required=True)
        one = asked.add_parser("run", help="run the sets of these agents, or of all")
        one.add_argument("agents", nargs="*", metavar="AGENT", help="the default is every agent")
        one.add_argument(
            "--model", choices=MODELS, default="none",
            help="built-in: the small model of this machine, started where it does not run; none: by rules alone",
        )  # fmt: skip
        one.add_argument(
            "--repeats",
            type=int,
            default=1,
            metavar="N",
            help="with a model: runs of each case, whose mean counts",
        )
        one.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML there")
        one.add_argument(
            "--baseline", type=Path, default=baseline.SHIPPED, metavar="FILE", help="scores to hold against"
        )
        one.add_argument(
            "--update-baseline", action="store_true", help="store this run's scores there instead"
        )
        one.add_argument("--verbose", action="store_true", help="name every property that does not hold")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run, show, and say by the exit code whether anything is worse."""
        known = agents_with_sets()
        wanted = options["agents"] or known
        if unknown := sorted(set(wanted) - set(known)):
            raise CommandError(
                f"No set of {', '.join(unknown)}; there are {', '.join(known)}.", returncode=MISUSED
            )
        scored = run(
            wanted,
            model=_model(options["model"]),
            repeats=max(1, options["repeats"]),
            seen=self._seen if options["verbose"] else _quiet,
        )
        before = _before(options["baseline"], options["model"])
        compared = baseline.compare(scored, before, model=options["model"])
        self.stdout.write(printed(_table(compared, options["model"])))
        if options["junit"]:
            junit.write(options["junit"], scored, compared, before)
        if options["update_baseline"]:
            baseline.write(options["baseline"], options["model"], scored)
            self.stdout.write(f"stored in {options['baseline'].name}\n")
        elif worse := [row for row in compared if row.worse]:
            self.stdout.write("".join(f"worse: {row.agent}: {row.worse}\n" for row in worse))
            raise SystemExit(1)

    def _seen(self, one: Scored) -> None:
        missed = "; ".join(f"{found.check} ({found.detail})" for found in one.findings if not found.passed)
        score = "skipped" if one.score is None else f"{one.score:.2f}"
        self.stdout.write(f"{one.case.agent} · {one.name}: {score} {one.why or missed}".rstrip() + "\n")


def _quiet(_one: Scored) -> None:
    return


def _before(path: Path, model: str) -> baseline.Scores:
    try:
        return baseline.read(path, model)
    except (OSError, ValueError) as fault:
        raise CommandError(f"The baseline cannot be read: {fault}.", returncode=MISUSED) from fault


def _model(name: str) -> LocalModel | None:
    if name == "none":
        return None
    try:
        here = services.ensure(environment(), need={"language_model", "embeddings"})
    except CannotStart as reason:
        raise CommandError(str(reason), returncode=MISUSED) from reason
    return LocalModel(here.local_model_url, here.embeddings_url)


def _table(rows: list[Compared], model: str) -> Table:
    table = Table(title=f"Evaluation, model: {model}", title_justify="left")
    for column in ("agent", "cases", "skipped", "score", "baseline", "change", ""):
        table.add_column(column, justify="left" if column in {"agent", ""} else "right")
    for row in rows:
        before = "–" if row.before is None else f"{row.before:.3f}"
        change = "" if row.before is None else f"{row.now - row.before:+.3f}"
        table.add_row(
            row.agent,
            str(row.cases),
            str(row.skipped),
            f"{row.now:.3f}",
            before,
            change,
            "worse" if row.worse else "",
        )
    return table
