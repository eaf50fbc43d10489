"""`stripe retry`: parked events are applied again."""

from typing import Any

from django.core.management.base import CommandParser, OutputWrapper

from billing.payments import inbox

NAME = "retry"
HELP = "Apply parked events again: those named, or all of them."


def add_arguments(parser: CommandParser) -> None:
    """Ids of events."""
    parser.add_argument("events", nargs="*", help="ids of events (default: all that are parked)")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    """Print how many were tried."""
    again = inbox.try_again(options["events"] or None)
    finished = inbox.apply_due()
    out.write(f"{again} tried again, {finished} finished")
    return 0
