"""What the sub-commands have in common: for whom, since when, and how it is printed."""

import re
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django_tenants.utils import tenant_context
from rich.console import Console, RenderableType

from miosa.pg.platform import platform
from tenants.models import Tenant

MISUSED = 2
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
DURATION = re.compile(r"([1-9][0-9]{0,5})([smhdw])")
PIPE_WIDTH = 120  # columns where nobody's terminal says how many


def add_arguments(parser: CommandParser, *, since: bool = True) -> None:
    """Which tenants, since when, and whether a program reads the answer."""
    parser.add_argument("--tenant", metavar="SLUG", help="only this tenant; the default is all of them")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line, no tables")
    if since:
        parser.add_argument(
            "--since", type=duration, default="7d", metavar="7d", help="how far back: 90m, 24h, 7d, 2w"
        )


def duration(text: str) -> timedelta:
    """Read a duration such as 90m, 24h or 7d."""
    found = DURATION.fullmatch(text.strip().lower())
    if found is None:
        raise ArgumentTypeError(f"{text!r} is no duration; write 90m, 24h or 7d")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def each_tenant(slug: str | None) -> Iterator[Tenant]:
    """Enter one tenant after the other, wherever its rows lie, and yield it."""
    with platform():
        rows = Tenant.objects.order_by("slug")
        wanted = list(rows if slug is None else rows.filter(slug=slug))
    if slug is not None and not wanted:
        raise CommandError(
            f"There is no tenant {slug}: `manage.py tenants list` names them.", returncode=MISUSED
        )
    for tenant in wanted:
        with tenant_context(tenant):
            yield tenant


def printed(*shown: RenderableType) -> str:
    """Return what a terminal of this width shows; nothing in it is taken for markup."""
    text, terminal = StringIO(), sys.stdout.isatty()
    width = Console().width if terminal else PIPE_WIDTH
    console = Console(file=text, width=width, force_terminal=terminal, markup=False, highlight=False)
    for one in shown:
        console.print(one, soft_wrap=isinstance(one, str))
    return text.getvalue()


def counted(number: int, what: Any) -> str:
    """Return "1 decision", "2 decisions"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
