"""Scores made steadier by what other models did with the same prompt, where enough of them answered it."""

import numpy as np

from routing.prompts.table import Floats

FEWEST = 6  # companions; fewer tell more about themselves than about the prompt
PRESENT = 0.9  # of a model's rows that a companion must have answered
STRENGTH = 2.0
SHARE = 0.5  # of the steadied score in the result


def steadied(scores: Floats) -> Floats:
    """`scores` (prompts, models), NaN where nothing is known, each moved half-way to what the others let expect.

    Only luck is taken out: what is left still differs from prompt to prompt as the model's own scores do.
    """
    seen = ~np.isnan(scores)
    found = scores.copy()
    for model in range(scores.shape[1]):
        rows = np.flatnonzero(seen[:, model])
        near = np.flatnonzero(seen[rows].mean(axis=0) >= PRESENT) if len(rows) else rows
        near = near[near != model]
        if len(near) >= FEWEST:
            own = scores[rows, model]
            found[rows, model] += SHARE * (_expected(scores[np.ix_(rows, near)], own) - own)
    return found


def _expected(others: Floats, own: Floats) -> Floats:
    """What the weaker and the stronger half of the other models let expect of this one: a bowl over two means."""
    rates = np.nanmean(others, axis=0)
    filled = np.where(np.isnan(others), rates, others)
    order = np.argsort(rates, kind="stable")
    half = len(order) // 2
    weak, strong = filled[:, order[:half]].mean(axis=1), filled[:, order[half:]].mean(axis=1)
    told = np.column_stack([weak, strong, weak**2, strong**2, weak * strong])
    above = told - told.mean(axis=0)
    inner = above.T @ above + STRENGTH * np.eye(above.shape[1])
    expected: Floats = own.mean() + above @ np.linalg.solve(inner, above.T @ (own - own.mean()))
    return expected
