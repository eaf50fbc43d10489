"""The sub-commands of `manage.py memory`, in the order of its help.

Each is a module with `NAME`, `HELP`, `add_arguments(parser)` and `run(options, out) -> int`.
"""

from agents.management.memory_commands import drop, reembed, status

COMMANDS = (status, reembed, drop)
