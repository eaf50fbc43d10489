"""`router replay`: make decisions again from what they were made from, and compare every stored field bit for bit."""

import json
from typing import Any

from django.core.management.base import CommandParser, OutputWrapper
from django.utils import timezone
from rich.table import Table

from routing.management.router_commands import span
from routing.replay import Different, Replay, replayed

NAME = "replay"
HELP = "Make past decisions again and compare them bit for bit; exit code 1 where one comes out otherwise."

MOST_SHOWN = 20  # of a tenant; --json names all


def add_arguments(parser: CommandParser) -> None:
    span.add_arguments(parser)


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    since = timezone.now() - options["since"]
    found = {tenant.slug: replayed(since) for tenant in span.each_tenant(options["tenant"])}
    sound = all(one.sound for one in found.values())
    out.write(json.dumps(_as_json(found)) if options["json"] else _as_text(found))
    return 0 if sound else 1


def _as_json(found: dict[str, Replay]) -> dict[str, Any]:
    return {
        "sound": all(one.sound for one in found.values()),
        "total": sum(one.total for one in found.values()),
        "exact": sum(one.exact for one in found.values()),
        "different": sum(len(one.different) for one in found.values()),
        "not_kept": sum(len(one.not_kept) for one in found.values()),
        "tenants": [
            {
                "tenant": slug,
                "total": one.total,
                "exact": one.exact,
                "different": [_difference(different) for different in one.different],
                "not_kept": [str(decision_id) for decision_id in one.not_kept],
            }
            for slug, one in found.items()
        ],
    }


def _difference(one: Different) -> dict[str, Any]:
    fields = [field._asdict() for field in one.fields]
    return {"decision_id": str(one.decision_id), "reason": one.reason, "fields": fields}


def _as_text(found: dict[str, Replay]) -> str:
    table = Table(title="Decisions made again", title_justify="left")
    table.add_column("tenant")
    for name in ("decisions", "exact", "different", "not kept"):
        table.add_column(name, justify="right")
    for slug, one in found.items():
        numbers = (one.total, one.exact, len(one.different), len(one.not_kept))
        table.add_row(slug, *(f"{number:,}" for number in numbers), style="" if one.sound else "red")
    told = _as_json(found)
    verdict = (
        f"{told['exact']:,} of {span.counted(told['total'], 'decision')} came out bit for bit"
        f", {told['different']:,} otherwise"
    )
    if told["not_kept"]:
        verdict += f"; of {told['not_kept']:,} it is not kept what they were made from"
    return span.printed(table, *_lines(found), f"{verdict}.")


def _lines(found: dict[str, Replay]) -> list[str]:
    lines = []
    for slug, one in found.items():
        for different in one.different[:MOST_SHOWN]:
            lines.append(f"{slug}: {different.decision_id} {different.reason}".rstrip())
            lines += [
                f"  {field.name}: {field.stored} was stored, {field.again} came out"
                for field in different.fields
            ]
        if len(one.different) > MOST_SHOWN:
            lines.append(f"{slug}: and {len(one.different) - MOST_SHOWN:,} more; --json names them all")
    return lines
