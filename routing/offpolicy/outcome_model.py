"""What each model would have brought in each area: means of the log, shrunken, and never of the row they judge."""

import numpy as np

from routing.offpolicy.log import Floats, Log

FOLDS = 10
CELL_STRENGTH = 10.0  # rows that the model's mean over all areas is worth in each area
MODEL_STRENGTH = 5.0  # rows that the mean of everything is worth for each model


def expected(log: Log, outcomes: Floats) -> Floats:
    """Expected outcome of each of k models at each of n rows: n x k, cross-fitted over FOLDS.

    Row i is in fold i modulo FOLDS, and its expectations come from the rows of the other folds alone.
    """
    rows, models = log.logging.shape
    fold = np.arange(rows) % FOLDS
    areas = int(log.area.max(initial=0)) + 1
    # Sums by fold, area and model; those of a fold are taken away from the whole.
    at = (fold, log.area, log.chosen)
    count, total = np.zeros((2, FOLDS, areas, models))
    np.add.at(count, at, 1.0)
    np.add.at(total, at, outcomes)
    others_count, others_total = count.sum(axis=0) - count, total.sum(axis=0) - total
    n, s = others_count.sum(axis=(1, 2)), others_total.sum(axis=(1, 2))
    everything = s / np.maximum(n, 1)
    by_model = (others_total.sum(axis=1) + MODEL_STRENGTH * everything[:, None]) / (
        others_count.sum(axis=1) + MODEL_STRENGTH
    )
    by_cell = (others_total + CELL_STRENGTH * by_model[:, None, :]) / (others_count + CELL_STRENGTH)
    return np.asarray(by_cell[fold, log.area])
