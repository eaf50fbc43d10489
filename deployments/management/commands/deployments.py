"""What an operator does to deployments: one sub-command a file, listed in `deployment_commands.COMMANDS`."""

from deployments.management.deployment_commands import COMMANDS
from miosa.subcommands import WithSubCommands


class Command(WithSubCommands):
    """`manage.py deployments <sub-command>`: exit code 1 where what was asked for did not come about."""

    help = "List deployments, read their logs, approve, roll back, suspend, resume, cancel."
    commands = COMMANDS
