"""What an operator asks the router: one sub-command a file, listed in `router_commands.COMMANDS`."""

from miosa.subcommands import WithSubCommands
from routing.management.router_commands import COMMANDS


class Command(WithSubCommands):
    """`manage.py router <sub-command>`: exit code 1 where a decision does not come out again, 2 for a misuse."""

    help = "Explain decisions, make them again, and ask what other rules would have brought."
    commands = COMMANDS
