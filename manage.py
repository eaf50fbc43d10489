#!/usr/bin/env python
"""Django's command line; what a command needs and no variable names is started for it."""

import os
import sys

from miosa.embedded.services import EVERYTHING, ensure
from miosa.embedded.serving import refuse_taken_port
from miosa.embedded.state import CannotStart
from miosa.environment import InvalidEnvironment, environment, export
from miosa.pg.bootstrap import DatabaseRefused

NOTHING: frozenset[str] = frozenset()
NEEDS = {
    **dict.fromkeys(("serve", "demo", "shell", "runserver"), EVERYTHING),
    "deployments": frozenset({"database", "broker", "hosting"}),
    **dict.fromkeys(("help", "version", "check", "spectacular", "collectstatic", "evals"), NOTHING),
    **dict.fromkeys(("up", "down", "diffsettings", "startapp", "makemessages", "compilemessages"), NOTHING),
}
USUAL = frozenset({"database", "broker"})
SERVES = {"serve", "demo"}
AS_OWNER = {"migrate", "migrate_schemas", "makemigrations", "flush"}


def needs(arguments: list[str]) -> frozenset[str]:
    """Return what the command on this command line needs to run."""
    if not arguments or {"-h", "--help", "--version"} & set(arguments):
        return NOTHING
    return NEEDS.get(arguments[0], USUAL)


def main(arguments: list[str]) -> None:
    """Read the environment, start what is missing, and hand over to Django."""
    command = arguments[0] if arguments else "help"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "miosa.settings")
    if command in AS_OWNER:
        os.environ["MIOSA_DATABASE_LOGIN"] = "owner"
    wanted = needs(arguments)
    if wanted and command in SERVES:
        refuse_taken_port(environment())
    if wanted:
        export(ensure(environment(), need=wanted, say=print if command in SERVES else None))
    if command in AS_OWNER and wanted and not environment().database_owner_url:
        raise InvalidEnvironment(
            "DATABASE_OWNER_URL", f"is missing: `{command}` runs as the owner of the tables"
        )

    from django.core.management import execute_from_command_line

    execute_from_command_line([sys.argv[0], *arguments])


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (InvalidEnvironment, CannotStart, DatabaseRefused) as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
