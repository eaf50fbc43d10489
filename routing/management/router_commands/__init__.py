"""The sub-commands of `manage.py router`, in the order of its help.

Each is a module with `NAME`, `HELP`, `add_arguments(parser)` and `run(options, out) -> int`. A refusal is a
`CommandError` with one line that says what to do.
"""

from routing.management.router_commands import explain, replay, whatif

COMMANDS = (explain, replay, whatif)
