"""`tenants pool`: a tenant comes back to the shared tables."""

from typing import Any

from django.core.management.base import OutputWrapper

from miosa.management.tenants_commands import moving
from tenants.moving.move import pool

NAME = "pool"
HELP = "Move a tenant from its own schema back to the shared tables, and drop the schema."
add_arguments = moving.add_arguments


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    return moving.run(pool, options, out)
