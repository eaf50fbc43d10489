"""The last days of a service as a strip, and times in words."""

from datetime import timedelta

from django.utils.safestring import SafeString

from deployments.pages.strip import Mark, strip
from deployments.pages.uptime import Day, Uptime

FAIR, GOOD = 0.95, 0.9995


def days_strip(
    past: Uptime, *, title: str, width: float, last: int | None = None, height: float = 34
) -> SafeString:
    """One mark for each of the last days."""
    days = past.days[-last:] if last else past.days
    return strip([Mark(look_of(day), _hint(day)) for day in days], title=title, width=width, height=height)


def look_of(day: Day) -> str:
    """The colour of a day."""
    if day.share is None:
        return "none"
    return "good" if day.share >= GOOD else "fair" if day.share >= FAIR else "bad"


def share_told(share: float | None) -> str:
    """A share of uptime; never rounded up to a whole that it is not."""
    if share is None:
        return "–"
    cut = int(share * 100_000) / 1000
    return f"{cut:.3f}".rstrip("0").rstrip(".") + " %"


def span_told(span: timedelta) -> str:
    """A length of time in words, with its two largest units."""
    seconds = int(span.total_seconds())
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    parts = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}\N{NO-BREAK SPACE}{name}")
    return " ".join(parts[:2]) or "0\N{NO-BREAK SPACE}s"


def _hint(day: Day) -> str:
    when = f"{day.day:%d %b %Y}"
    if day.share is None:
        return f"{when}: nothing is known"
    return f"{when}: {share_told(day.share)} up" + (f", {span_told(day.down)} down" if day.down else "")
