"""The sub-commands of `manage.py stripe`, in the order of its help.

Each is a module with `NAME`, `HELP`, `add_arguments(parser)` and `run(options, out) -> int`.
"""

from billing.management.stripe_commands import replay, retry, set_up, status

COMMANDS = (set_up, status, replay, retry)
