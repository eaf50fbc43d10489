"""`ledger margin`: what each tenant's month earned, against what providers asked for it."""

import json
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper

from billing.margin import Margin, margins
from billing.money import format_usd

NAME = "margin"
HELP = "What each tenant's month earned, against what providers asked for it; the largest loss first."
LINE = "{:<38}{:>14}{:>14}{:>14}{:>14}"


def add_arguments(parser: CommandParser) -> None:
    """`--month`, `--json`."""
    parser.add_argument("--month", default="", help="as in 2026-03 (default: the running one)")
    parser.add_argument("--json", action="store_true", help="print one JSON array, micro-dollars")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    """Print the tenants and their sum."""
    month = options["month"] or f"{datetime.now(UTC):%Y-%m}"
    try:
        begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise CommandError(f"{month} is no month: write 2026-03") from None
    rows = margins(begin)
    if options["json"]:
        out.write(json.dumps([row.as_json() for row in rows]))
        return 0
    out.write(LINE.format(f"tenant, {month}", "plan", "earned", "providers", "margin"))
    for row in rows:
        out.write(_line(row.tenant, [row]))
    out.write(_line("all", rows))
    return 0


def _line(name: str, rows: list[Margin]) -> str:
    sums = (
        sum(row.fee for row in rows),
        sum(row.earned for row in rows),
        sum(sum(row.provider.values()) for row in rows),
        sum(row.margin for row in rows),
    )
    return LINE.format(name, *(format_usd(amount) for amount in sums))
