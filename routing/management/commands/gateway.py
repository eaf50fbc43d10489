"""What an operator asks the gateway: one sub-command a file, listed in `gateway_commands.COMMANDS`."""

from miosa.subcommands import WithSubCommands
from routing.management.gateway_commands import COMMANDS


class Command(WithSubCommands):
    """`manage.py gateway <sub-command>`."""

    help = "Post what the gateway used."
    commands = COMMANDS
