"""Everything an operator does with tenants: one sub-command a file, listed in `tenants_commands.COMMANDS`."""

from miosa.management.tenants_commands import COMMANDS
from miosa.subcommands import WithSubCommands


class Command(WithSubCommands):
    """`manage.py tenants <sub-command>`."""

    help = "Open, list, move, export, import and erase tenants."
    commands = COMMANDS
