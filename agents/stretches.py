"""How long an adopted change is watched, and over which stretches of that time both arms are compared.

Harm may begin late, and then drowns in what was good before; or be small, and need all there is. So the watch is looked at
as a whole, by halves, weeks and days. When each of them begins is known beforehand, and each has its part of the error.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

HELD_OUT = 0.2  # share of new executions that ask as before while an adopted change is watched
WATCHED = timedelta(days=28)  # four whole weeks: what goes by the day of the week is in it as often as not
PARTS = (1, 2, 4, 28)
ALPHA = (
    0.05  # probability that what does no harm is ever taken back in the whole watch, however often one looks
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the watch that goes on now; `alpha` is what a comparison over it may err, ever."""

    since: datetime
    lasts: timedelta
    alpha: float


def stretches(adopted: datetime, now: datetime) -> list[Stretch]:
    """Return the stretch of each cut in which this moment lies; after the end of the watch the last ones."""
    return [_stretch(adopted, now, parts) for parts in PARTS]


def _stretch(adopted: datetime, now: datetime, parts: int) -> Stretch:
    lasts = WATCHED / parts
    number = min(max(0, (now - adopted) // lasts), parts - 1)
    return Stretch(adopted + number * lasts, lasts, ALPHA / len(PARTS) / parts)
