"""Success rates by model, and by area and model, each pulled to what is known around it."""

import numpy as np

from routing.prompts.table import Floats, Ints

PSEUDO_ROWS = 20.0  # of the pull of an area's rate towards what its models do elsewhere
PSEUDO_RATE = 2.0  # of the pull of a model's rate towards that of all


def rates_of(scores: Floats) -> Floats:
    """Each model's rate, pulled to that of all; the last is that of all."""
    seen = ~np.isnan(scores)
    everyone = np.nansum(scores) / seen.sum()
    rates = (np.nansum(scores, axis=0) + PSEUDO_RATE * everyone) / (seen.sum(axis=0) + PSEUDO_RATE)
    return np.append(rates, everyone)


def cells_of(scores: Floats, place: Ints, rates: Floats, *, number: int) -> Floats:
    """Rates (areas, models + 1) by area and model, `place` being the area of each row, -1 for none: pulled to the model's own, moved by how all models fare in the area."""
    scores, place = scores[place >= 0], place[place >= 0]
    seen = ~np.isnan(scores)
    above = np.where(seen, scores - rates[:-1], 0.0)
    sums, counts = np.zeros((number, len(rates) - 1)), np.zeros((number, len(rates) - 1))
    np.add.at(sums, place, above)
    np.add.at(counts, place, seen)
    ease = sums.sum(axis=1) / (counts.sum(axis=1) + PSEUDO_ROWS)
    own = (sums + PSEUDO_ROWS * ease[:, None]) / (counts + PSEUDO_ROWS)
    cells: Floats = rates + np.column_stack([own, ease])
    return cells
