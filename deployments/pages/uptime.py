"""How long something was down: from what was seen of it, in order; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

DAYS: Final = 90
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """From `at` on it was up or down, until something else was seen."""

    at: datetime
    up: bool


@dataclass(frozen=True, slots=True)
class Outage:
    """One time without service; `end` is None while it lasts."""

    start: datetime
    end: datetime | None

    def within(self, low: datetime, high: datetime) -> timedelta:
        """Return how much of it lies between two moments."""
        return max(timedelta(), min(self.end or high, high) - max(self.start, low))


@dataclass(frozen=True, slots=True)
class Day:
    """One day (UTC): how much of it is known, and how much of that it was down."""

    day: date
    known: timedelta
    down: timedelta

    @property
    def share(self) -> float | None:
        """How much of what is known it was up, 0 to 1; None where nothing is known."""
        return 1 - self.down / self.known if self.known else None


@dataclass(frozen=True, slots=True)
class Uptime:
    """The last days, the outages in them (the newest first), and the share it was up."""

    days: tuple[Day, ...]
    outages: tuple[Outage, ...]

    @property
    def share(self) -> float | None:
        """How much of what is known it was up, 0 to 1."""
        known = sum((day.known for day in self.days), timedelta())
        down = sum((day.down for day in self.days), timedelta())
        return 1 - down / known if known else None


def uptime(seen: Iterable[Seen], *, now: datetime, days: int = DAYS) -> Uptime:
    """Return how the last days went; nothing is known before the first thing seen."""
    moments = sorted(seen, key=lambda one: one.at)
    outages = outages_of(moments)
    first = moments[0].at if moments else now
    today = datetime(now.year, now.month, now.day, tzinfo=now.tzinfo)
    starts = [today - _DAY * back for back in range(days - 1, -1, -1)]
    drawn = tuple(_day(start, first, now, outages) for start in starts)
    recent = tuple(one for one in reversed(outages) if one.end is None or one.end > starts[0])
    return Uptime(drawn, recent)


def outages_of(moments: Sequence[Seen]) -> list[Outage]:
    """Return the times it was down, from moments in order."""
    found: list[Outage] = []
    since: datetime | None = None
    for moment in moments:
        if not moment.up and since is None:
            since = moment.at
        elif moment.up and since is not None:
            found.append(Outage(since, moment.at))
            since = None
    return [*found, Outage(since, None)] if since else found


def _day(start: datetime, first: datetime, now: datetime, outages: Sequence[Outage]) -> Day:
    low, high = max(start, first), min(start + _DAY, now)
    known = max(timedelta(), high - low)
    down = sum((one.within(low, high) for one in outages), timedelta()) if known else timedelta()
    return Day(start.date(), known, down)
