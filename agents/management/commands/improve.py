"""An agent's improvement from its lessons to the rollout, told and, where one says yes, done."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents import adoption, improvement, proposals, proving, rollouts
from agents.improvement_told import (
    lessons_of,
    shown_lessons,
    shown_pairs,
    shown_rollout,
    shown_state,
    shown_watch,
)
from agents.models import Proposal
from agents.proposals import State
from agents.registry_kinds import AgentKind
from miosa.http.problem import Problem
from routing.management.router_commands import span

FOLLOWED = (State.ROLLING, State.ACCEPTED, State.TESTING, State.DRAFT)


class Command(BaseCommand):
    """`manage.py improve AGENT`: exit code 0 whatever the proposal came to, 1 where it could not be tested."""

    help = "Improve one agent: lessons, cause, proposal, replay, bound, decision, rollout, watch."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Which agent, of whom, and whether it may begin without asking."""
        parser.add_argument("agent", choices=[str(kind) for kind in AgentKind], metavar="AGENT")
        parser.add_argument("--tenant", metavar="SLUG", help="only this tenant; the default is all of them")
        parser.add_argument(
            "--yes", action="store_true", help="replay without asking: models are asked, and may cost"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Tell the story of each tenant."""
        told = False
        for tenant in span.each_tenant(options["tenant"]):
            told = True
            self.stdout.write(f"{tenant.slug}: {options['agent']}\n")
            try:
                self._story(options["agent"], yes=options["yes"])
            except Problem as refusal:
                raise CommandError(str(refusal)) from refusal
        if not told:
            self.stdout.write(
                "There is no tenant here yet, so no work to improve by: `make demo` opens one.\n"
            )

    def _story(self, agent: str, *, yes: bool) -> None:
        self._studied(agent)
        watched = adoption.tried_live(agent)
        if watched is not None and watched.is_watched:
            self._watched(watched)
        row = _followed(agent)
        if row is None:
            if watched is None:
                self._newest(agent)
            return
        self.stdout.write(f"\nProposal {row}, {Proposal.Kind(row.kind).label}: {row.cause}\n\n{row.diff}\n\n")
        if row.state in {State.DRAFT, State.TESTING}:
            row = self._proved(row, yes=yes)
        elif row.state == State.ROLLING:
            row = rollouts.watch(row.pk)
        self._ended(row)

    def _studied(self, agent: str) -> None:
        found = lessons_of(agent)
        for lesson in found:
            improvement.study(lesson.pk)
        self.stdout.write(span.printed(shown_lessons(lessons_of(agent))))

    def _newest(self, agent: str) -> None:
        newest = proposals.proposals().filter(agent=agent).order_by("-number").first()
        self.stdout.write(
            shown_state(newest) if newest else "Nothing is proposed: no result led to a change.\n"
        )

    def _watched(self, row: Proposal) -> None:
        row = rollouts.watch(row.pk)
        self.stdout.write(f"{shown_state(row)}{span.printed(shown_watch(row))}")

    def _proved(self, row: Proposal, *, yes: bool) -> Proposal:
        if not (yes or _agreed(f"Replay stored work of {row.agent} with both prompts? Models are asked.")):
            self.stdout.write("Not replayed: nobody said yes (with --yes it begins without asking).\n")
            return row
        tested = proving.prove(row.pk)
        self.stdout.write(f"{tested.why}\n")
        return proposals.proposal(row.pk)

    def _ended(self, row: Proposal) -> None:
        trials = proving.pairs_of(row)
        if trials:
            self.stdout.write(span.printed(shown_pairs(row, trials)))
        self.stdout.write(shown_state(row))
        if row.comparison:
            self.stdout.write(span.printed(shown_rollout(row)))


def _followed(agent: str) -> Proposal | None:
    """Return the proposal whose story goes on: the one that has come furthest, and of drafts the oldest."""
    rows = list(proposals.proposals().filter(agent=agent, state__in=FOLLOWED))
    return min(rows, key=lambda row: (FOLLOWED.index(State(row.state)), row.number), default=None)


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
