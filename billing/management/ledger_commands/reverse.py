"""`ledger reverse`: take one entry back, with the reason."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser, OutputWrapper
from django_tenants.utils import tenant_context

from billing import ledger
from billing.management.ledger_commands.tenants import named
from billing.money import format_usd

NAME = "reverse"
HELP = (
    "Take an entry back by an entry that moves the same money the other way; the audit log keeps the reason."
)


def add_arguments(parser: CommandParser) -> None:
    """Whose entry, which, and why."""
    parser.add_argument("tenant", metavar="TENANT", help="the tenant's slug")
    parser.add_argument("entry", type=UUID, metavar="ID", help="the id of a ledger entry")
    parser.add_argument("--why", required=True, metavar="TEXT", help="what was wrong with it")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    """Reverse it and tell how."""
    with tenant_context(named(options["tenant"])):
        row = ledger.reverse(options["entry"], why=options["why"][:200])
    out.write(f"Entry {row.pk} takes {options['entry']} back: {format_usd(row.cost_micros)}.")
    return 0
