"""A management command whose sub-commands are files: each has NAME, HELP, `add_arguments` and `run`, and stands in a list."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.db import Error

from miosa.http.problem import Problem


class SubCommand(Protocol):
    """One file; `run` returns the exit code."""

    NAME: str
    HELP: str

    def add_arguments(self, parser: CommandParser) -> None: ...
    def run(self, options: dict[str, Any], out: OutputWrapper) -> int: ...


class WithSubCommands(BaseCommand):
    """Set `commands`; a refusal and a database that refuses become a sentence and exit code 1."""

    commands: ClassVar[Sequence[SubCommand]] = ()
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Give each sub-command its own arguments."""
        subparsers = parser.add_subparsers(dest="subcommand", metavar="SUBCOMMAND", required=True)
        for command in self.commands:
            command.add_arguments(
                subparsers.add_parser(command.NAME, help=command.HELP, description=command.HELP)
            )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the sub-command; its answer is the exit code."""
        chosen = next(command for command in self.commands if options["subcommand"] == command.NAME)
        try:
            code = chosen.run(options, self.stdout)
        except Problem as refusal:
            raise CommandError(str(refusal)) from refusal
        except Error as error:
            reason = str(error).strip().partition("\n")[0]
            raise CommandError(
                f"The database refused: {reason}. `manage.py migrate` makes its tables, where that was not done."
            ) from error
        if code:
            raise SystemExit(code)
