"""How far to believe an area's record and a prompt's own words: as far as both foretell rows held back."""

import numpy as np

from routing.prompts.cells import cells_of, rates_of
from routing.prompts.content import content_weights
from routing.prompts.table import Floats, Ints, Table

USUAL = np.array([0.7, 0.7])  # both tell much the same, so neither is believed wholly
PULL = 2.0  # towards the usual
MOST = 1.2
HELD_BACK = 3  # one row of so many
FEWEST = 30  # rows; of fewer nothing is held back


def shares(table: Table, scores: Floats, place: Ints, *, number: int) -> tuple[float, float]:
    """Factors of (the area's rate - the model's rate) and of what the prompt adds, least squares on held rows."""
    held = np.arange(len(scores)) % HELD_BACK == 0
    if len(scores) < FEWEST:
        return float(USUAL[0]), float(USUAL[1])
    learned, asked = np.flatnonzero(~held), np.flatnonzero(held)
    rates = rates_of(scores[learned])
    cells = np.vstack([cells_of(scores[learned], place[learned], rates, number=number), rates])
    part = table.only(asked)
    above = scores[learned] - rates[:-1]
    moved = np.column_stack([part.times(each) for each in content_weights(table.only(learned), above)[:-1]])
    within = (cells[place[asked]] - rates)[:, :-1]
    known = ~np.isnan(scores[asked])
    told = np.column_stack([within[known], moved[known]])
    missed = (scores[asked] - rates[:-1])[known] - told @ USUAL
    found = USUAL + np.linalg.solve(told.T @ told + PULL * np.eye(2), told.T @ missed)
    area_share, prompt_share = np.clip(found, 0.0, MOST).tolist()
    return area_share, prompt_share
