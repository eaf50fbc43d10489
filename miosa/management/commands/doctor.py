"""Examinations of a running installation; today there is one, of its tenants' isolation."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from rich.console import Console

from miosa.doctor.attack import PLACES
from miosa.doctor.attacks import SURFACES
from miosa.doctor.report import as_json, show
from miosa.doctor.subjects import Occupied
from miosa.doctor.tenancy import Findings, examine
from miosa.embedded.unwinding import unwinding
from miosa.pg.owner import OwnerUnknown

UNSOUND = 1
EXAMINATIONS = {"tenancy": "attack the walls between tenants, and tell what came through"}


class Command(BaseCommand):
    """`manage.py doctor [tenancy]`."""

    help = "Examine this installation; without an argument, tell which examinations there are."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Which examination, and how."""
        parser.add_argument("examination", nargs="?", choices=sorted(EXAMINATIONS))
        parser.add_argument("--json", action="store_true", help="print one line of JSON instead of the table")
        parser.add_argument(
            "--place", action="append", choices=PLACES, help="attack only there; the default is everywhere"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Examine; the exit code is 0 only if everything was attacked and nothing came through."""
        if options["examination"] is None:
            self._list()
            return
        console = Console(quiet=options["json"])
        found = self._examined(console, [one for one in PLACES if one in (options["place"] or PLACES)])
        if options["json"]:
            self.stdout.write(as_json(found))
        else:
            show(console, found)
        if not found.sound:
            raise SystemExit(UNSOUND)

    def _examined(self, console: Console, places: list[str]) -> Findings:
        try:
            with unwinding(), console.status("opening two tenants") as status:
                return examine(places=places, say=status.update)
        except (OwnerUnknown, Occupied) as refusal:
            raise CommandError(str(refusal)) from None
        except Error as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise CommandError(
                f"The examination broke off, and what it made was taken away: {reason}. "
                "Where the tables are not there yet, `manage.py migrate` makes them."
            ) from error

    def _list(self) -> None:
        for name, what in EXAMINATIONS.items():
            self.stdout.write(f"doctor {name}: {what}")
        for surface in SURFACES:
            self.stdout.write(f"  {surface.name:<12} {surface.what}")
