"""How good predicted chances of success were: the Brier score, the calibration error and the AUROC."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.reliability.bins import BINS, bin_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Brier:
    """Mean squared error of predicted chances, beside that of the best constant for the same outcomes.

    `constant` uses the outcomes' own mean, so no constant chosen beforehand can do better.
    """

    score: float
    constant: float

    @property
    def skill(self) -> float:
        """The share of the constant's error that is saved: 1 is perfect, 0 no better; 0 if nothing varies."""
        return 1 - self.score / self.constant if self.constant > 0 else 0.0


def brier(predicted: Sequence[float] | Floats, happened: Sequence[float] | Floats) -> Brier:
    """Brier score of chances 0..1 against outcomes 0..1 (fractions allowed), both of the same length n >= 1."""
    chance, outcome = pairs(predicted, happened)
    return Brier(float(np.mean((chance - outcome) ** 2)), float(np.mean((outcome - outcome.mean()) ** 2)))


def ece(
    predicted: Sequence[float] | Floats, happened: Sequence[float] | Floats, *, bins: int = BINS
) -> float:
    """Expected calibration error: over equal bins of the chance, share x |mean chance - mean outcome|."""
    chance, outcome = pairs(predicted, happened)
    gaps = np.bincount(bin_of(chance, bins=bins), weights=chance - outcome, minlength=bins)
    return float(np.abs(gaps).sum() / chance.size)


def auroc(predicted: Sequence[float] | Floats, happened: Sequence[float] | Floats) -> float:
    """Chance that a success was given more than a failure; ties count half; 0.5 if there is only one kind.

    An outcome between 0 and 1 is that much of a success and the rest of a failure.
    """
    chance, outcome = pairs(predicted, happened)
    _, place = np.unique(chance, return_inverse=True)
    good, bad = np.bincount(place, weights=outcome), np.bincount(place, weights=1 - outcome)
    possible = good.sum() * bad.sum()
    below = np.cumsum(bad) - bad / 2
    return float(good @ below / possible) if possible > 0 else 0.5


def pairs(predicted: Sequence[float] | Floats, happened: Sequence[float] | Floats) -> tuple[Floats, Floats]:
    """Both as arrays of one length within 0..1; ValueError when they do not fit or hold no number."""
    chance, outcome = np.asarray(predicted, dtype=float), np.asarray(happened, dtype=float)
    if chance.ndim != 1 or chance.shape != outcome.shape or not chance.size:
        raise ValueError("one chance is needed for each outcome, and at least one of them")
    if not all(np.all((each >= 0) & (each <= 1)) for each in (chance, outcome)):
        raise ValueError("chances and outcomes lie between 0 and 1")
    return chance, outcome
