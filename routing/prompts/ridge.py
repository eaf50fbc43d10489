"""Ridge regression over many prompts by conjugate gradients: the matrix is only multiplied, never inverted."""

import numpy as np

from routing.prompts.table import Floats, Table

MOST_STEPS = 200
EXACT_ENOUGH = 1e-4  # of the residual's first length


def ridge(table: Table, targets: Floats, *, strength: float) -> Floats:
    """Weights w with the least |table w - targets|^2 + strength |w|^2; centre the targets before.

    Solved for the rows, (table table' + strength) a = targets, and carried back to the columns.
    """
    answer = np.zeros_like(targets)
    residual = targets.copy()
    step = residual.copy()
    left = float(residual @ residual)
    enough = left * EXACT_ENOUGH**2
    for _ in range(MOST_STEPS):
        if left <= enough or left == 0.0:
            break
        product = table.times(table.back(step)) + strength * step
        pace = left / float(step @ product)
        answer += pace * step
        residual -= pace * product
        before, left = left, float(residual @ residual)
        step = residual + (left / before) * step
    return table.back(answer)
