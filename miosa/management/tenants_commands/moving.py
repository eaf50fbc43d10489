"""What `tenants silo` and `tenants pool` share."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper

from miosa.pg.owner import OwnerUnknown
from tenants.moving.refusal import MoveRefused

WAIT_S = 30.0


def add_arguments(parser: CommandParser) -> None:
    """Take the tenant's name and how long to wait for others."""
    parser.add_argument("slug", help="the tenant, as `tenants list` names it")
    parser.add_argument(
        "--wait",
        type=_seconds,
        default=WAIT_S,
        metavar="SECONDS",
        help="how long to wait for the tenant's running transactions to end (default: %(default)g)",
    )


def run(move: Callable[..., None], options: dict[str, Any], out: OutputWrapper) -> int:
    """Move, and tell each step as it is done."""

    def say(line: str) -> None:
        out.write(line)
        out.flush()

    try:
        move(options["slug"], wait_s=options["wait"], say=say)
    except (MoveRefused, OwnerUnknown) as refusal:
        raise CommandError(str(refusal)) from None
    return 0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86_400:  # noqa: PLR2004  a day
        raise ArgumentTypeError(f"{text!r} is no number of seconds between 0 and 86400")
    return seconds
