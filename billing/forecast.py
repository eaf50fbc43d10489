"""What a month will have cost at its end, and how sure that is."""

import calendar
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist, fmean, variance

CONFIDENCE = 0.8  # of the interval
LEAST_DAYS = 4  # whole days seen; with fewer there is no interval
MOST_DAYS = 28


@dataclass(frozen=True, slots=True)
class Forecast:
    """Micro-dollars at the end of the month; `low` and `high` are None where too few days were seen to say."""

    expected_micros: int
    low_micros: int | None
    high_micros: int | None
    confidence: float
    days_seen: int
    days_left: int


def forecast(before: Sequence[int], *, spent_micros: int, spent_today: int, today: date) -> Forecast:
    """Say what the month will cost: `before` are the whole days before today, the oldest first, in micro-dollars.

    The days left, today's rest among them, are taken for days like those: their sum has the mean of n such days, and
    the interval of Student's t for the sum of n further draws. What was spent already is certain.
    """
    seen = list(before)[-MOST_DAYS:]
    last = calendar.monthrange(today.year, today.month)[1]
    left = last - today.day + 1
    mean = fmean(seen) if seen else float(spent_today)
    # Today counts as a whole day that has already had its part.
    expected = max(left * mean - spent_today, (left - 1) * mean, 0.0)
    if len(seen) < LEAST_DAYS:
        return Forecast(spent_micros + round(expected), None, None, CONFIDENCE, len(seen), left)
    spread = math.sqrt(variance(seen) * left * (1 + left / len(seen)))
    half = _student(0.5 + CONFIDENCE / 2, len(seen) - 1) * spread
    return Forecast(
        spent_micros + round(expected),
        spent_micros + max(0, round(expected - half)),
        spent_micros + round(expected + half),
        CONFIDENCE,
        len(seen),
        left,
    )


def _student(probability: float, freedom: int) -> float:
    """Return the quantile of Student's t by the expansion of Cornish and Fisher: within 1 % for three degrees and more.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5.
    """
    x = NormalDist().inv_cdf(probability)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return float(x + sum(term / freedom**power for power, term in enumerate(terms, start=1)))
