"""Whether a model's last outcomes still fit its earlier record, and how much that record is worth if they do not.

The window is compared with all that came before it by Fisher's exact test, which knows that the earlier rate is
itself an estimate. The test is asked at every outcome, so its threshold is far below the chance it stands for.
After a shift the earlier record counts like a few outcomes: enough to start from, too little to outvote what is
seen now, and so it stays until a whole window has been seen anew.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from routing.posterior import Counts

WINDOW = 30  # outcomes
KEPT = 10.0  # how many outcomes the earlier record is worth after a shift
LEAST_EARLIER = 20  # outcomes before the window without which there is nothing to compare with
THRESHOLD = 5e-5  # of p at one look: about 1 in 50 steady models is flagged within 2,000 looks


NOTHING = Counts(0.0, 0.0)


class Shift(NamedTuple):
    """Rates before and inside the window, p of one look, and the factor for all evidence older than the window."""

    old_rate: float
    window_rate: float
    p: float
    discount: float


def shift(earlier: Counts, window: Counts, *, threshold: float = THRESHOLD) -> Shift | None:
    """What the window says of the record before it; None while it fits, or while there is too little of either."""
    if earlier.requests < LEAST_EARLIER or window.requests < WINDOW:
        return None
    if not _far(earlier, window):
        return None
    p = fisher(earlier, window)
    if p >= threshold:
        return None
    return Shift(earlier.rate, window.rate, p, min(1.0, KEPT / earlier.requests))


def _far(earlier: Counts, window: Counts) -> bool:
    """Whether the window is three standard deviations off: nearer, p is above any threshold worth having."""
    rate = min(earlier.rate, 1.0)
    off = window.successes - rate * window.requests
    return off * off > 9 * window.requests * rate * (1 - rate)


def fisher(earlier: Counts, window: Counts) -> float:
    """Two-sided p (twice the smaller tail) that both come from one rate, given their sum.

    Counts are made whole, those of the window towards the earlier rate: fractions never raise an alarm alone.
    """
    size, before = round(window.requests), round(earlier.requests)
    expected = earlier.rate * size
    got = math.ceil(window.successes) if window.successes < expected else math.floor(window.successes)
    good = got + min(round(earlier.successes), before)
    least, most = max(0, good - before), min(size, good)
    got = min(max(got, least), most)
    tail = range(least, got + 1) if got < expected else range(got, most + 1)
    ways = _log_choose(before + size, good)
    part = sum(math.exp(_log_choose(size, k) + _log_choose(before, good - k) - ways) for k in tail)
    return min(1.0, 2 * part)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


@dataclass(frozen=True, slots=True)
class Record:
    """A cell's outcomes in order: those older than the window as counts, the window itself, and the last shift.

    `settling` is how many more outcomes must come until the window holds none from before the shift. So long
    nothing is tested again, and what leaves the window adds no weight: it is of before.
    """

    earlier: Counts = NOTHING
    window: tuple[float, ...] = ()
    settling: int = 0

    @property
    def counts(self) -> Counts:
        """What the record is worth now: discounted earlier evidence and the window in full."""
        return Counts(
            self.earlier.requests + len(self.window), self.earlier.successes + math.fsum(self.window)
        )

    def with_outcome(self, success: float) -> tuple["Record", Shift | None]:
        """The record after one more outcome (0 to 1), and the shift that it revealed, if any."""
        window = (*self.window, min(max(success, 0.0), 1.0) if math.isfinite(success) else 0.0)
        earlier = self.earlier
        if len(window) > WINDOW:
            earlier = Counts(earlier.requests + 1, earlier.successes + window[0])
            window = window[1:]
        if self.settling:
            return Record(_held_to(earlier, KEPT), window, self.settling - 1), None
        found = shift(earlier, Counts(float(len(window)), math.fsum(window)))
        if found is None:
            return Record(earlier, window), None
        return Record(_held_to(earlier, KEPT), window, WINDOW), found


def _held_to(counts: Counts, most: float) -> Counts:
    """The same rate, worth at most so many outcomes."""
    share = min(1.0, most / counts.requests) if counts.requests > 0 else 1.0
    return Counts(counts.requests * share, counts.successes * share)


def record(outcomes: Iterable[float]) -> tuple[Record, list[tuple[int, Shift]]]:
    """The record that outcomes make in their order, with each shift and the place (from 0) that revealed it."""
    held, shifts = Record(), []
    for place, success in enumerate(outcomes):
        held, found = held.with_outcome(success)
        if found is not None:
            shifts.append((place, found))
    return held, shifts
