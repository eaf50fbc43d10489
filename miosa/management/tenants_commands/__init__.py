"""The sub-commands of `manage.py tenants`, in the order of its help.

Each is a module with `NAME`, `HELP`, `add_arguments(parser)` and `run(options, out) -> int`. A refusal is a
`CommandError` with one line that says what to do.
"""

from miosa.management.tenants_commands import (
    create,
    erase,
    export_,
    import_,
    list_,
    pool,
    receipt,
    silo,
)

COMMANDS = (create, list_, silo, pool, export_, import_, erase, receipt)
