"""The sub-commands of `manage.py ledger`, in the order of its help.

Each is a module with `NAME`, `HELP`, `add_arguments(parser)` and `run(options, out) -> int`.
"""

from billing.management.ledger_commands import balances, margin, reverse, verify

COMMANDS = (verify, balances, margin, reverse)
