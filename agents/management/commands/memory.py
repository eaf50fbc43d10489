"""What an operator does to memories: one sub-command a file, listed in `memory_commands.COMMANDS`."""

from agents.management.memory_commands import COMMANDS
from miosa.subcommands import WithSubCommands


class Command(WithSubCommands):
    """`manage.py memory <sub-command>`: exit code 1 where what was asked for did not come about."""

    help = "Count memories by the model that embedded them, embed them anew, drop a former model's vectors."
    commands = COMMANDS
