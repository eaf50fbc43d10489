"""`tenants silo`: a tenant gets tables of its own."""

from typing import Any

from django.core.management.base import OutputWrapper

from miosa.management.tenants_commands import moving
from tenants.moving.move import silo

NAME = "silo"
HELP = "Move a tenant out of the shared tables into a schema of its own."
add_arguments = moving.add_arguments


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    return moving.run(silo, options, out)
