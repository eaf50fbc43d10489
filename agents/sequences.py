"""Bounds for two running means that hold at every moment at once, so looking after each step costs nothing.

The predictable plug-in empirical-Bernstein confidence sequence for values between 0 and 1 (Waudby-Smith and Ramdas,
"Estimating means of bounded random variables by betting", 2023, theorem 2): each value is weighed by what was
known before it, and the whole is a supermartingale, so stopping when the bound looks good does not spoil it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_WEIGHT = 0.5  # lambda's ceiling; below 1, where psi would have no value


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a mean lies; both ends are within 0 to 1."""

    low: float
    high: float
    mean: float
    count: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two arms: `low` and `high` bound the difference new - old, each missed with probability at most alpha, ever."""

    old: Interval
    new: Interval
    low: float
    high: float

    @property
    def worse(self) -> bool:
        """Whether the new one is surely worse."""
        return self.high < 0

    @property
    def better(self) -> bool:
        """Whether the new one is surely better."""
        return self.low > 0


def interval(values: Sequence[float], *, alpha: float) -> Interval:
    """Bound the mean of values of 0 to 1, in the order in which they came; each end may be missed with `alpha`."""
    log_term = math.log(1 / alpha)
    mean, spread = 0.5, 0.25  # what is believed before the first value
    total, squares = 0.0, 0.0
    weights = weighted = slack = 0.0
    for count, value in enumerate(values, start=1):
        weight = min(math.sqrt(2 * log_term / (spread * count * math.log(1 + count))), _MOST_WEIGHT)
        weights += weight
        weighted += weight * value
        slack += 4 * (value - mean) ** 2 * (-math.log(1 - weight) - weight) / 4
        total += value
        mean = (0.5 + total) / (count + 1)
        squares += (value - mean) ** 2
        spread = (0.25 + squares) / (count + 1)
    if not values:
        return Interval(0.0, 1.0, 0.5, 0)
    centre, half = weighted / weights, (log_term + slack) / weights
    return Interval(max(0.0, centre - half), min(1.0, centre + half), total / len(values), len(values))


def compare(old: Sequence[float], new: Sequence[float], *, alpha: float) -> Comparison:
    """Compare two arms as they stand now; the error is shared among them."""
    first, second = interval(old, alpha=alpha / 2), interval(new, alpha=alpha / 2)
    return Comparison(first, second, second.low - first.high, second.high - first.low)
