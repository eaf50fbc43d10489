"""`ledger balances`: what stands on each account of a tenant, now or at a past moment."""

import json
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper
from django_tenants.utils import tenant_context

from billing.books.balances import balances
from billing.management.ledger_commands.tenants import named
from billing.money import format_usd

NAME = "balances"
HELP = "Tell what stands on each account of a tenant, now or at a past moment."


def add_arguments(parser: CommandParser) -> None:
    """Which tenant, and when."""
    parser.add_argument("tenant", metavar="TENANT", help="the tenant's slug")
    parser.add_argument("--at", metavar="TIME", help="ISO 8601, UTC where no zone is given; now by default")
    parser.add_argument("--json", action="store_true", help="print one JSON object, in micro-dollars")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    """Print the accounts."""
    moment = _moment(options["at"]) if options["at"] else None
    with tenant_context(named(options["tenant"])):
        found = balances(moment)
    if options["json"]:
        out.write(json.dumps({account.value: amount for account, amount in found.items()}))
        return 0
    for account, amount in found.items():
        out.write(f"{account.label:20} {format_usd(amount):>16}")
    return 0


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no time; write it as 2026-03-01T12:00:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
