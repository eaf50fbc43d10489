"""The sub-commands of `manage.py deployments`, in the order of its help.

Each is a module with `NAME`, `HELP`, `add_arguments(parser)` and `run(options, out) -> int`.
"""

from deployments.management.deployment_commands import (
    approve,
    cancel,
    listing,
    logs,
    reject,
    resume,
    rollback,
    show,
    suspend,
)

COMMANDS = (listing, show, logs, rollback, suspend, resume, cancel, approve, reject)
