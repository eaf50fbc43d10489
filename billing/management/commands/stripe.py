"""What an operator asks of Stripe: one sub-command a file, listed in `stripe_commands.COMMANDS`."""

from billing.management.stripe_commands import COMMANDS
from miosa.subcommands import WithSubCommands


class Command(WithSubCommands):
    """`manage.py stripe <sub-command>`."""

    help = "Set Stripe up, replay what it told us, try parked events again."
    commands = COMMANDS
