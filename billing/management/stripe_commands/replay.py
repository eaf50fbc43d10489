"""`stripe replay --since`: read what happened at Stripe from its own list, for webhooks that never came."""

import re
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper
from django.utils import timezone

from billing.payments import door, inbox
from miosa.http.problem import Problem

NAME = "replay"
HELP = (
    "Take every event of Stripe's list that is not in the inbox, and apply it. Stripe keeps them for 30 days."
)
KEPT_DAYS = 30
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def add_arguments(parser: CommandParser) -> None:
    """`--since 3d`."""
    parser.add_argument("--since", default="3d", help="how far back: 90m, 12h, 3d (default: 3d)")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    """Print how many were new and how many were finished."""
    begin = timezone.now() - _span(options["since"])
    try:
        fresh = inbox.take(door.read_all("events.list", created={"gte": int(begin.timestamp())}))
    except Problem as error:
        raise CommandError(str(error)) from error
    finished = inbox.apply_due()
    out.write(
        f"{fresh} new event{'' if fresh == 1 else 's'} since {begin:%Y-%m-%d %H:%M} UTC, {finished} finished"
    )
    return 0


def _span(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,4})([mhd])", text)
    if match is None:
        raise CommandError(f"{text} is no span of time: write 90m, 12h or 3d")
    span = timedelta(**{UNITS[match[2]]: int(match[1])})
    if span > timedelta(days=KEPT_DAYS):
        raise CommandError(f"Stripe keeps events for {KEPT_DAYS} days")
    return span
