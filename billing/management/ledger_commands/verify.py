"""`ledger verify`: each pair of sums that must be equal, and every difference; exit code 1 if there is one."""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper

from billing import verification
from billing.money import format_usd
from miosa.http.problem import Problem

NAME = "verify"
HELP = "Compare facts, entries, postings, grants, budgets and reservations; exit code 1 where they differ."
SHOWN = 50


def add_arguments(parser: CommandParser) -> None:
    """`--json` for programs."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object: sums, comparisons, differences"
    )


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    """Print, and return 1 where something differs."""
    try:
        report = verification.reconcile()
    except Problem as error:  # the payment service did not answer: that is no difference, and no proof
        raise CommandError(str(error)) from error
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
    if "stripe_summaries" not in {side for sides in report.sums.values() for side in sides}:
        out.write("Nothing is told to Stripe: STRIPE_SECRET_KEY is not set.")
    count = len(report.differences)
    out.write("The books agree." if not count else f"{count} difference{'s' if count > 1 else ''}.")
