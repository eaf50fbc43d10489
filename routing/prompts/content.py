"""What a prompt itself tells: weights that move all models alike, and those in which each differs from the others."""

import numpy as np

from routing.prompts.ridge import ridge
from routing.prompts.table import WIDTH, Floats, Table

# Two views of the prompts, (pull, share): a coarse one that sees what they are about, and a fine one that follows
# single words. Each alone is better for some sets and worse for others; chosen by cross-validation on two of them.
COARSE, FINE = (32.0, 0.7), (1.0, 0.2)


def content_weights(table: Table, above: Floats) -> Floats:
    """Weights (models + 1, width) that foretell `above`; the last are those of a model never seen.

    `above` (prompts, models) holds scores less their model's rate, NaN where unknown; no row is all unknown.
    """
    seen = ~np.isnan(above)
    shared = _learned(table, np.nanmean(above, axis=1))
    ease = table.times(shared)
    weights = np.tile(shared, (above.shape[1] + 1, 1))
    for model in range(above.shape[1]):
        rows = np.flatnonzero(seen[:, model])
        weights[model] += _learned(table.only(rows), above[rows, model] - ease[rows])
    return weights


def _learned(table: Table, targets: Floats) -> Floats:
    """Linear in the targets: two models with the same rows are compared pair by pair."""
    weights = np.zeros(WIDTH)
    for pull, share in (COARSE, FINE):
        weights += share * ridge(table, targets, strength=pull)
    return weights
