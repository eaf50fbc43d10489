"""How far two who judged the same answers agree: in sides taken, in points, and beyond what chance gives."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from routing.reliability.bins import wilson

HALF = 0.5


class Agreement(NamedTuple):
    """Over `n` answers that both judged, 0 (bad) to 1 (good).

    `share_same`: both took the same side of one half; `low` and `high` are its 95 % Wilson interval.
    `mean_abs_difference`: how far apart they are, 0..1. `kappa`: Cohen's, 1 is full agreement, 0 what chance gives;
    None where both only ever took one side and chance explains everything. Without answers all but `low` and `high`
    are None.
    """

    n: int
    share_same: float | None
    low: float
    high: float
    mean_abs_difference: float | None
    kappa: float | None


def agreement(pairs: Sequence[tuple[float, float]]) -> Agreement:
    """Return the agreement over pairs of verdicts on one answer each, both 0..1."""
    n = len(pairs)
    if not n:
        return Agreement(0, None, *wilson(0, 0), None, None)
    first, second = np.asarray(pairs, dtype=float).T
    mine, theirs = first >= HALF, second >= HALF
    same = int((mine == theirs).sum())
    return Agreement(
        n,
        same / n,
        *wilson(same, n),
        float(np.abs(first - second).mean()),
        _kappa(same / n, float(mine.mean()), float(theirs.mean())),
    )


def _kappa(same: float, mine: float, theirs: float) -> float | None:
    """Cohen's kappa from the share of equal sides and each one's share of good."""
    by_chance = mine * theirs + (1 - mine) * (1 - theirs)
    return None if by_chance >= 1 else (same - by_chance) / (1 - by_chance)
