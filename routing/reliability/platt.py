"""Chances put right by labelled outcomes: logit' = a + b x logit (Platt), near the identity while labels are few."""

from collections.abc import Sequence
from math import exp, isfinite, log
from typing import NamedTuple

import numpy as np

from routing.reliability.logistic import FARTHEST_LOGIT, NEAREST_TO_CERTAIN, Floats, fitted, logit

RIDGE_SHIFT = 4.0  # the shift is believed to be 0 +- 1/2 before the first label
RIDGE_SLOPE = 16.0  # and the slope 1 +- 1/4


class Platt(NamedTuple):
    """logit' = shift + slope x logit. The default changes nothing; a negative slope is never fitted."""

    shift: float = 0.0
    slope: float = 1.0

    def calibrated(self, chance: float) -> float:
        """The chance put right, 0..1; one that is no number counts as 0.5."""
        certain = chance if isfinite(chance) else 0.5
        kept = min(max(certain, NEAREST_TO_CERTAIN), 1 - NEAREST_TO_CERTAIN)
        moved = self.shift + self.slope * log(kept / (1 - kept))
        return 1 / (1 + exp(-min(max(moved, -FARTHEST_LOGIT), FARTHEST_LOGIT)))


IDENTITY = Platt()


def fit(predicted: Sequence[float] | Floats, happened: Sequence[float] | Floats) -> Platt:
    """Fit on n chances and n outcomes of 0..1 (fractions allowed); pairs with a value that is no number are left out.

    Without a usable pair this is the identity. Outcomes that are all 0 or all 1 move it no further than the
    ridge permits.
    """
    pairs = np.array([predicted, happened], dtype=float)
    chance, outcome = np.clip(pairs[:, np.isfinite(pairs).all(axis=0)], 0, 1)
    rows = np.column_stack([np.ones(chance.size), logit(chance)])
    shift, slope = fitted(
        rows, outcome, start=np.array([0.0, 1.0]), ridge=np.array([RIDGE_SHIFT, RIDGE_SLOPE])
    )
    # Labels that speak against the order of the chances are a reason to ignore the chances, not to turn them round.
    return Platt(float(shift), max(float(slope), 0.0))
