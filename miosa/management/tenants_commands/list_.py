"""`tenants list`: who is here, where their rows lie, and how many."""

import json
from typing import Any

from django.core.management.base import CommandParser, OutputWrapper
from django.template.defaultfilters import filesizeformat

from tenants.holdings import Holding, holdings

NAME = "list"
HELP = "List the tenants: slug, name, place of their rows, active, number and size of rows."

TITLES = ("SLUG", "NAME", "PLACE", "ACTIVE", "ROWS", "SIZE")


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON list instead of a table")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    found = holdings()
    if options["json"]:
        out.write(json.dumps([_members(one) for one in found], indent=2))
        return 0
    lines = [TITLES, *(_cells(one) for one in found)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(TITLES))]
    for line in lines:
        out.write("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    return 0


def _members(one: Holding) -> dict[str, Any]:
    return {
        "id": str(one.tenant.pk),
        "slug": one.tenant.slug,
        "name": one.tenant.name,
        "isolation": one.tenant.isolation,
        "place": one.place,
        "active": one.tenant.active,
        "rows": one.rows,
        "size_bytes": one.size_bytes,
    }


def _cells(one: Holding) -> tuple[str, ...]:
    size = filesizeformat(one.size_bytes).replace("\N{NO-BREAK SPACE}", " ")
    active = "yes" if one.tenant.active else "no"
    return one.tenant.slug, one.tenant.name, one.place, active, f"{one.rows:,}", size
