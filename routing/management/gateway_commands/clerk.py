"""`gateway clerk`: post what the gateway's processes wrote down, for as long as it runs."""

import signal
import threading
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser, OutputWrapper
from django.db import close_old_connections

from routing.front_door.clerk import AWAY, Clerk, alone

NAME = "clerk"
HELP = "Post what the gateway wrote down of its calls to the ledger. The web server starts one by itself."
EVERY_S = 0.25
AWAY_S = 2.0


def add_arguments(parser: CommandParser) -> None:
    """Where to read, and whether to go on."""
    parser.add_argument("--folder", type=Path, help="where the journals lie (in the state folder)")
    parser.add_argument("--once", action="store_true", help="end when everything is posted that can be")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    """Read until a signal comes, then once more to the end."""
    folder = options["folder"] or settings.ENVIRONMENT.state_dir / "usage"
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with alone(folder, until=stop.is_set) as mine:
        if not mine:
            return 0
        clerk, posted = Clerk(folder), 0
        while not (stop.is_set() or options["once"]):
            posted += _drained(clerk, out)
            stop.wait(EVERY_S)
        posted += _drained(clerk, out)
    out.write(f"{posted} calls posted.")
    return 0


def _drained(clerk: Clerk, out: OutputWrapper) -> int:
    close_old_connections()
    try:
        return clerk.drain()
    except AWAY as away:
        out.write(f"PostgreSQL is away, everything is kept: {type(away).__name__}")
        time.sleep(AWAY_S)
        return 0
