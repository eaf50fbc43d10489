"""The stretches of time that pictures show, cut into buckets of an hour or a day (UTC)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CHOICES = {"24h": (24, HOUR), "7d": (7, DAY), "30d": (30, DAY)}
USUAL = "7d"


@dataclass(frozen=True, slots=True)
class Period:
    """`start` and all of `buckets` are the beginnings of whole hours or days; the last bucket is still running."""

    name: str
    step: timedelta
    buckets: tuple[datetime, ...]

    @property
    def start(self) -> datetime:
        return self.buckets[0]

    @property
    def end(self) -> datetime:
        """The moment at which the last bucket ends."""
        return self.buckets[-1] + self.step

    @property
    def unit(self) -> str:
        """As PostgreSQL's date_trunc has it."""
        return "hour" if self.step == HOUR else "day"

    @property
    def labels(self) -> tuple[str, ...]:
        form = "%H:%M" if self.step == HOUR else "%d %b"
        return tuple(bucket.strftime(form) for bucket in self.buckets)


def period(name: str, *, now: datetime) -> Period:
    """Return the period of this name that ends with the hour or day of `now`; the usual one for any other text."""
    known = name if name in CHOICES else USUAL
    count, step = CHOICES[known]
    moment = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    last = moment if step == HOUR else moment.replace(hour=0)
    return Period(known, step, tuple(last - step * back for back in reversed(range(count))))
