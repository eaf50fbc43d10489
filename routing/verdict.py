"""Whether one record of successes is better than another, however often it is asked.

A comparison that is looked at again and again finds a difference sooner or later, even where there is none. So
each look spends a part of one small chance of error, and all looks together never more than all of it.
"""

import math
from statistics import NormalDist
from typing import NamedTuple

from routing.posterior import Counts
from routing.reliability.bins import Z_95, wilson

EVERY = 100  # requests between two looks
LEAST_REQUESTS = 100  # a shorter record says nothing yet, on either side
ERROR = 0.02  # the chance that a model no better than the incumbent is ever promoted over it


LEAST_COUNT = 1e-9  # requests; less is none


class Interval(NamedTuple):
    """A rate and its bounds, all from 0 to 1."""

    rate: float
    low: float
    high: float


class Verdict(NamedTuple):
    """The challenger's record: `n` requests, its rate with its bounds at this look, and whether it is promoted."""

    n: float
    rate: float
    low: float
    high: float
    promoted: bool


def interval(counts: Counts, *, z: float = Z_95) -> Interval:
    """The interval of a success rate by Wilson's score; 0 to 1 around one half where nothing is known."""
    requests, successes = counts
    if not requests > 0:
        return Interval(0.5, 0.0, 1.0)
    rate = min(max(successes / requests, 0.0), 1.0)
    low, high = wilson(rate * requests, requests, z=z)
    return Interval(rate, min(low, rate), max(high, rate))


def error_at(look: int, *, error: float = ERROR) -> float:
    """The part of `error` that look number 1, 2, 3 ... spends; the parts of all looks add up to `error`."""
    return error / (look * (look + 1))


def overtakes(challenger: Counts, incumbent: Counts, *, look: int, error: float = ERROR) -> Verdict:
    """Whether the challenger's rate is certainly above the incumbent's, at look number 1, 2, 3 ...

    One look is due at every EVERY-th request of the challenger. The bounds are one-sided, at the error this look
    may spend; promoted is who stays above even when both records are as unlucky as that together (Newcombe's
    interval of a difference lies above zero).
    """
    z = -NormalDist().inv_cdf(error_at(max(1, look), error=error))
    mine, theirs = interval(Counts(*challenger), z=z), interval(Counts(*incumbent), z=z)
    enough = min(challenger[0], incumbent[0]) >= LEAST_REQUESTS
    gap = mine.rate - theirs.rate
    above = gap > math.hypot(mine.rate - mine.low, theirs.high - theirs.rate)
    return Verdict(challenger[0], mine.rate, mine.low, mine.high, enough and above)
