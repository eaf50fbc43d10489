"""What an operator asks the router: one sub-command a file, listed in `router_commands.COMMANDS`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from routing.management.router_commands import COMMANDS


class Command(BaseCommand):
    """`manage.py router <sub-command>`: exit code 1 where a decision does not come out again, 2 for a misuse."""

    help = "Explain decisions, make them again, and ask what other rules would have brought."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Give each sub-command its own arguments."""
        subparsers = parser.add_subparsers(dest="subcommand", metavar="SUBCOMMAND", required=True)
        for command in COMMANDS:
            command.add_arguments(
                subparsers.add_parser(command.NAME, help=command.HELP, description=command.HELP)
            )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the sub-command; its answer is the exit code."""
        chosen = next(command for command in COMMANDS if options["subcommand"] == command.NAME)
        try:
            code = chosen.run(options, self.stdout)
        except Error as error:
            reason = str(error).strip().partition("\n")[0]
            raise CommandError(
                f"The database refused: {reason}. `manage.py migrate` makes its tables, where that was not done."
            ) from error
        if code:
            raise SystemExit(code)
