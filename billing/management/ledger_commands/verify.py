"""`ledger verify`: each pair of sums that must be equal, and every difference; exit code 1 if there is one."""

import json
from typing import Any

from django.core.management.base import CommandParser, OutputWrapper

from billing import verification
from billing.money import format_usd

NAME = "verify"
HELP = "Compare facts, entries, postings, grants, budgets and reservations; exit code 1 where they differ."
SHOWN = 50


def add_arguments(parser: CommandParser) -> None:
    """`--json` for programs."""
    parser.add_argument("--json", action="store_true", help="print one JSON object: sums, differences")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    """Print, and return 1 where something differs."""
    report = verification.reconcile()
    if options["json"]:
        out.write(json.dumps(report.as_json()))
    else:
        _tell(report, out)
    return 1 if report.differences else 0


def _tell(report: verification.Report, out: OutputWrapper) -> None:
    for name, sides in report.sums.items():
        told = ", ".join(f"{side} {format_usd(amount)}" for side, amount in sides.items())
        out.write(f"{name}: {told}")
    for one in report.differences[:SHOWN]:
        gap = format_usd(one.here - one.there)
        out.write(
            f"  DIFFERS by {gap}: {one.comparison}, tenant {one.tenant}, {one.what}"
            f" ({format_usd(one.here)} and {format_usd(one.there)})"
        )
    if len(report.differences) > SHOWN:
        out.write(f"  and {len(report.differences) - SHOWN} more; --json prints all of them")
    count = len(report.differences)
    out.write("The books agree." if not count else f"{count} difference{'s' if count > 1 else ''}.")
