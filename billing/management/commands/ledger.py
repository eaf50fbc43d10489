"""What an operator asks the ledger: one sub-command a file, listed in `ledger_commands.COMMANDS`."""

from billing.management.ledger_commands import COMMANDS
from miosa.subcommands import WithSubCommands


class Command(WithSubCommands):
    """`manage.py ledger <sub-command>`: exit code 1 where the books do not agree."""

    help = "Prove that the books agree, tell balances of any moment, take an entry back."
    commands = COMMANDS
