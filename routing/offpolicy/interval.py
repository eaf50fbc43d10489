"""A 95 % interval around a mean of skewed numbers that holds the truth as often as it says."""

from math import sqrt
from typing import NamedTuple

import numpy as np

from routing.offpolicy.log import Floats

Z_95 = 1.959963984540054  # standard deviations that hold 95 % of a normal distribution
LEAST_FREEDOM = 4.0  # below this the expansion of the t quantile is too rough
STRONGEST_SKEW = 0.8  # skewness / sqrt(n) beyond which its correction is not trusted any further
LEAST_SKEW = 1e-9
ONE_MORE = 1.0  # rows as far off as the farthest that are reckoned with beyond those seen: tails are longer than they look


class Estimate(NamedTuple):
    """A number and its 95 % interval, in the unit of what is estimated."""

    point: float
    low: float
    high: float


def estimate(scores: Floats, spread: Floats, *, floor: float = 0.0) -> Estimate:
    """The mean of n >= 2 `scores`, with an interval from the shape of n numbers `spread`.

    The wider end of two intervals is taken on either side: Student's with the degrees of freedom that the
    kurtosis leaves to the variance, and Hall's transformation for skewness (Annals of Statistics 1992). `floor`
    is a standard error added in squares: what cannot be seen in the numbers, such as failures that did not occur.
    """
    n, point = len(scores), float(scores.mean())
    off = spread - spread.mean()
    variance = max(float(off @ off), float(((scores - point) ** 2).sum())) / (n - 1)
    unseen = float(np.abs(off).max()) / n
    error = sqrt(variance / n + floor * floor + ONE_MORE * unseen * unseen)
    if not float(off @ off) > 0:
        # All rows alike: the floor is all there is, and half of it is what Wilson's interval gains by its middle.
        return Estimate(point, point - 2 * Z_95 * error, point + 2 * Z_95 * error)
    standard = off / off.std()
    reach = t_95(n / max(float((standard**4).mean()) - 1, 1.0))
    skew = float(np.clip((standard**3).mean() / sqrt(n), -STRONGEST_SKEW, STRONGEST_SKEW))
    below, above = max(reach, _turned(reach, skew)), max(reach, -_turned(-reach, skew))
    return Estimate(point, point - below * error, point + above * error)


def within(found: Estimate, least: float, most: float) -> Estimate:
    """The estimate with its interval and point cut to what is possible."""
    return Estimate(*(min(max(value, least), most) for value in found))


def t_95(freedom: float) -> float:
    """The 97.5 % quantile of Student's t by its expansion in 1 / freedom (within 2 % from LEAST_FREEDOM on)."""
    nu, z = max(freedom, LEAST_FREEDOM), Z_95
    return z + (z**3 + z) / (4 * nu) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * nu * nu)


def _turned(t: float, skew: float) -> float:
    """Hall's cubic, undone: which studentised mean belongs to a normal t; `skew` is skewness / sqrt(n)."""
    if abs(skew) < LEAST_SKEW:
        return t
    return 3 / skew * (float(np.cbrt(1 + skew * (t - skew / 6))) - 1)
