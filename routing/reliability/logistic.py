"""A logistic regression that stays near given coefficients until the outcomes argue for others."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 50
HALVINGS = 30
CLOSE_ENOUGH = 1e-9
FARTHEST_LOGIT = 30.0  # a chance of 1e-13: nothing is told apart beyond it
NEAREST_TO_CERTAIN = 1e-6


def logit(chance: Floats) -> Floats:
    """log(p / (1 - p)) of chances that are kept NEAREST_TO_CERTAIN away from 0 and 1."""
    kept = np.clip(chance, NEAREST_TO_CERTAIN, 1 - NEAREST_TO_CERTAIN)
    return np.asarray(np.log(kept) - np.log1p(-kept))


def expit(logits: Floats) -> Floats:
    """The chances that belong to logits, never exactly 0 or 1."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -FARTHEST_LOGIT, FARTHEST_LOGIT))))


def fitted(rows: Floats, outcomes: Floats, *, start: Floats, ridge: Floats) -> Floats:
    """Coefficients that minimise the log loss plus ridge/2 x squared distance from `start`.

    `rows` is n x d, `outcomes` n values of 0..1 (fractions allowed), `start` and `ridge` d values each, every
    ridge above 0: so there is always one solution, also when all outcomes are alike. Newton steps, halved while
    they would make it worse.
    """
    at = start.astype(float)
    loss = _loss(at, rows, outcomes, start=start, ridge=ridge)
    for _ in range(STEPS):
        chance = expit(rows @ at)
        slope = rows.T @ (chance - outcomes) + ridge * (at - start)
        curvature = (rows * (chance * (1 - chance))[:, None]).T @ rows + np.diag(ridge)
        step = np.linalg.solve(curvature, slope)
        for _ in range(HALVINGS):
            tried = _loss(at - step, rows, outcomes, start=start, ridge=ridge)
            if tried <= loss:
                break
            step = step / 2
        else:
            return at
        at, loss = at - step, tried
        if np.abs(step).max(initial=0.0) < CLOSE_ENOUGH:
            break
    return at


def _loss(at: Floats, rows: Floats, outcomes: Floats, *, start: Floats, ridge: Floats) -> float:
    logits = np.clip(rows @ at, -FARTHEST_LOGIT, FARTHEST_LOGIT)
    likelihood = np.logaddexp(0, logits) - outcomes * logits
    return float(likelihood.sum() + (ridge * (at - start) ** 2).sum() / 2)
