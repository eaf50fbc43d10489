"""The reliability diagram in numbers: what was predicted and what happened, bin by bin, with intervals."""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BINS = 10
Z_95 = 1.959963984540054  # standard deviations that hold 95 % of a normal distribution


class Bin(NamedTuple):
    """One bar of the diagram: `n` answers with chances from `lower` to `upper`.

    `low` and `high` are the 95 % Wilson interval of `mean_outcome`; all but `n` lie within 0..1.
    """

    lower: float
    upper: float
    n: int
    mean_chance: float
    mean_outcome: float
    low: float
    high: float


def reliability(predicted: Sequence[float], happened: Sequence[float], *, bins: int = BINS) -> list[Bin]:
    """Return the bins that hold an answer, lowest first; chances and outcomes are 0..1 and of one length."""
    chance, outcome = np.asarray(predicted, dtype=float), np.asarray(happened, dtype=float)
    place = bin_of(chance, bins=bins)
    found = []
    for number in range(bins):
        here = place == number
        if n := int(here.sum()):
            rate = float(outcome[here].mean())
            edges = number / bins, (number + 1) / bins
            found.append(Bin(*edges, n, float(chance[here].mean()), rate, *wilson(rate * n, n)))
    return found


def bin_of(chance: NDArray[np.float64], *, bins: int = BINS) -> NDArray[np.intp]:
    """The number of the equal bin each chance of 0..1 lies in; 1 belongs to the last."""
    return np.minimum((chance * bins).astype(np.intp), bins - 1)


def wilson(successes: float, n: float, *, z: float = Z_95) -> tuple[float, float]:
    """The Wilson score interval of a rate, 0..1; (0, 1) before the first outcome.

    With fractional successes it is too wide rather than too narrow, since they vary less than yes and no.
    """
    if n <= 0:
        return 0.0, 1.0
    rate, share = successes / n, z * z / n
    middle = (rate + share / 2) / (1 + share)
    reach = z * sqrt(max(rate * (1 - rate), 0.0) / n + share / (4 * n)) / (1 + share)
    return max(0.0, middle - reach), min(1.0, middle + reach)
