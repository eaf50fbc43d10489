"""What stands in the cells of the admin's tables: small, safe pieces of HTML in the admin's own look."""

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from miosa.drawing.svg import number

NONE = "–"
SPACE = "\N{NO-BREAK SPACE}"
LOOKS = {
    "completed": "good", "done": "good", "settled": "good", "studied": "good", "active": "good", "success": "good", "opened": "good",
    "failed": "bad", "failure": "bad", "expired": "bad", "revoked": "bad", "inactive": "bad", "timed out": "bad", "refused": "bad", "missed": "bad",
    "in_progress": "busy", "running": "busy", "held": "busy", "ready": "busy",
    "queued": "wait", "pending": "wait", "waiting": "wait",
}  # fmt: skip
SECOND_MS, MINUTE_MS = 1000, 60_000
LOW_CONFIDENCE = 7.0  # below it a result is studied; agents.confidence decides, this only colours


def badge(state: str, *, text: str = "", hint: str = "") -> SafeString:
    """A state in its colour; a state without one is grey."""
    look = LOOKS.get(state, "calm")
    return format_html(
        '<span class="m-badge m-{}" title="{}">{}</span>', look, hint, text or state.replace("_", " ")
    )


def chips(names: Iterable[object]) -> SafeString:
    """Short words side by side."""
    found = format_html_join(" ", '<span class="m-chip">{}</span>', ((name,) for name in names))
    return format_html('<span class="m-chips">{}</span>', found) if found else SafeString(NONE)


def meter(share: float, text: str, *, look: str = "") -> SafeString:
    """A bar from 0 to 1 with what it tells; it is drawn at its end where the share lies outside."""
    width = number(100 * min(1.0, max(0.0, share)))
    return format_html(
        '<span class="m-meter m-{}"><i><b style="width:{}%"></b></i><span>{}</span></span>', look, width, text
    )


def confidence(value: Any) -> SafeString:
    """A confidence from 0 to 10; amber below the threshold of improvement."""
    if value is None:
        return SafeString(NONE)
    look = "low" if float(value) < LOW_CONFIDENCE else "fine"
    return meter(float(value) / 10, f"{float(value):.1f}", look=look)


def rate(successes: float | Decimal, total: int) -> SafeString:
    """A share of successes."""
    if not total:
        return SafeString(NONE)
    share = float(successes) / total
    return meter(share, f"{share:.0%} of {total:,}")


def duration(ms: float | None) -> str:
    """Milliseconds for people."""
    if ms is None:
        return NONE
    if ms < SECOND_MS:
        return f"{ms:.0f}{SPACE}ms"
    if ms < MINUTE_MS:
        return f"{ms / SECOND_MS:.1f}{SPACE}s"
    minutes, rest = divmod(round(ms / SECOND_MS), 60)
    return f"{minutes}{SPACE}min{SPACE}{rest}{SPACE}s"


def between(start: datetime | None, end: datetime | None) -> str:
    """The time from one moment to another; to now where the end is still open."""
    if start is None:
        return NONE
    return duration(((end or timezone.now()) - start).total_seconds() * SECOND_MS)


def moment(at: datetime | None) -> SafeString:
    """A moment, short; the whole of it under a pointer."""
    if at is None:
        return SafeString(NONE)
    shown = timezone.localtime(at)
    form = "%d %b %H:%M" if shown.year == timezone.now().year else "%d %b %Y"
    return format_html(
        '<time datetime="{}" title="{} UTC" class="m-time">{}</time>',
        at.isoformat(), f"{shown:%Y-%m-%d %H:%M:%S}", shown.strftime(form),
    )  # fmt: skip


def block(text: str) -> SafeString:
    """Text as it was written, with its line ends."""
    return format_html('<pre class="m-block">{}</pre>', text) if text else SafeString(NONE)


def data(value: Any) -> SafeString:
    """JSON, laid out."""
    if value in (None, {}, []):
        return SafeString(NONE)
    return block(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def rows_of(page: str, **filters: object) -> str:
    """The address of a list, narrowed by these filters."""
    query = urlencode(filters)
    return reverse(f"admin:{page}_changelist") + (f"?{query}" if query else "")


def link(page: str, text: object, *, to: object) -> SafeString:
    """A link to one row's page."""
    return format_html('<a class="m-link" href="{}">{}</a>', reverse(f"admin:{page}_change", args=[to]), text)


def beginning(text: str, *, most: int = 72) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
