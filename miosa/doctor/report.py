"""What a visit found, for people as a table and for machines as one line of JSON."""

import json
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from miosa.doctor.attack import Attack, Missed
from miosa.doctor.tenancy import Findings, Row

MOST_SHOWN = 40  # a broken wall leaks in hundreds of ways, and the first ones say which


def show(console: Console, found: Findings) -> None:
    """Print the table, every leak with its remedy, and the verdict as the last line."""
    table = Table(title="Isolation of tenants", title_justify="left")
    for name in ("surface", "place", "targets", "attacks", "leaks"):
        table.add_column(name, justify="left" if name in {"surface", "place"} else "right", no_wrap=True)
    for row in found.rows:
        bad = len(row.leaks) + len(row.missed)
        table.add_row(
            row.surface.name,
            "any" if row.surface.once else row.place,
            str(row.targets),
            str(len(row.attacks)),
            str(len(row.leaks)),
            style="red" if bad else "",
        )
    console.print(table)
    for line in _lines(found):
        console.print(line, highlight=False, soft_wrap=True)
    console.print(verdict(found), highlight=False, style="green" if found.sound else "red")


def verdict(found: Findings) -> str:
    """Return the last line."""
    leaks = len(found.leaks)
    return f"{leaks} {'leak' if leaks == 1 else 'leaks'} in {found.attacks} attacks"


def as_json(found: Findings) -> str:
    """Return one line of JSON that begins with the number of leaks and of attacks."""
    told: dict[str, Any] = {
        "leaks": len(found.leaks),
        "attacks": found.attacks,
        "not_attacked": len(found.missed),
        "sound": found.sound,
        "seconds": round(found.seconds, 2),
        "surfaces": [_summary(row) for row in found.rows],
        "found": [_leak(row, leak) for row, leak in found.leaks],
        "missed": [_miss(row, miss) for row, miss in found.missed],
        "skipped": [{"place": place, "because": why} for place, why in found.skipped.items()],
    }
    return json.dumps(told)


def _lines(found: Findings) -> list[str]:
    lines = [
        f"[red]leak[/red] {escape(f'{row.surface.name} ({row.place}) {leak.target}: {leak.name}: {leak.detail}')}\n"
        f"     {escape(f'{row.surface.advice}.')}"
        for row, leak in found.leaks[:MOST_SHOWN]
    ]
    lines += [
        f"[red]not attacked[/red] {escape(f'{row.surface.name} ({row.place}) {miss.target}: {miss.why}')}"
        for row, miss in found.missed[:MOST_SHOWN]
    ]
    more = max(0, len(found.leaks) - MOST_SHOWN) + max(0, len(found.missed) - MOST_SHOWN)
    lines += [f"... and {more} more; --json names them all"] if more else []
    lines += [f"{place}: not attacked, because {why}" for place, why in found.skipped.items()]
    lines += [f"{found.left} tenants of an earlier visit were taken away."] if found.left else []
    return [*lines, f"[dim]{found.seconds:.1f} s; nothing was left behind[/dim]"]


def _summary(row: Row) -> dict[str, Any]:
    return {
        "surface": row.surface.name,
        "place": row.place,
        "targets": row.targets,
        "attacks": len(row.attacks),
        "leaks": len(row.leaks),
        "not_attacked": len(row.missed),
    }


def _leak(row: Row, leak: Attack) -> dict[str, str]:
    told = {"surface": leak.surface, "place": row.place, "target": leak.target, "attack": leak.name}
    return told | {"detail": leak.detail, "remedy": row.surface.advice}


def _miss(row: Row, miss: Missed) -> dict[str, str]:
    return {"surface": miss.surface, "place": row.place, "target": miss.target, "because": miss.why}
