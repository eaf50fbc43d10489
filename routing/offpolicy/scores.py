"""One number per row whose mean is the estimate: for inverse propensity, self-normalised and doubly robust."""

from typing import NamedTuple

import numpy as np

from routing.offpolicy.log import Floats, Log
from routing.offpolicy.outcome_model import expected

FEW = 1.0  # rows with which the balance of a cell is drawn towards none


class RowScores(NamedTuple):
    """n scores; their mean is the estimate. What is said of its spread comes from `spread`, n numbers as well."""

    scores: Floats
    spread: Floats


class Scores(NamedTuple):
    """Four estimates of n rows, in the outcome's own unit.

    `ips` is weight x outcome. `self_normalised` is the same divided by the weights' mean, made linear around its
    own estimate. `doubly_robust` adds the weighted surprise to what the outcome model expects. `difference` is
    doubly robust too: target minus logging policy on the same rows.
    Sources: Horvitz and Thompson 1952; Swaminathan and Joachims 2015; Dudik, Langford and Li 2011.
    """

    ips: RowScores
    self_normalised: RowScores
    doubly_robust: RowScores
    difference: RowScores


def scores_of(log: Log, outcomes: Floats) -> Scores:
    """Scores of n finite outcomes. At least one weight must be above 0."""
    weights, balance = log.weights, balance_of(log)
    model = expected(log, outcomes)
    surprise = outcomes - model[np.arange(len(outcomes)), log.chosen]
    mean = float(weights @ outcomes / weights.sum())
    target, change = ((chances * model).sum(axis=1) for chances in (log.target, log.target - log.logging))
    ips, normalised = weights * outcomes, mean + weights * (outcomes - mean) / weights.mean()
    return Scores(
        ips=RowScores(ips, ips),
        self_normalised=RowScores(normalised, normalised),
        doubly_robust=RowScores(target + weights * surprise, target + weights * balance * surprise),
        difference=RowScores(change + (weights - 1) * surprise, change + (weights - 1) * balance * surprise),
    )


def balance_of(log: Log) -> Floats:
    """Factors for n rows that bring the weights, in each area and model, to the sum they have on average.

    A cell that was by chance chosen rarely tells little of its mean, yet adds little to the spread of plain
    scores: intervals from those are too narrow just when the cell is uncertain. These factors undo that.
    """
    weights, cell = log.weights, (log.area, log.chosen)
    shape = int(log.area.max(initial=0)) + 1, len(log.models)
    wanted, found, rows = np.zeros((3, *shape))
    np.add.at(wanted, log.area, log.target)
    np.add.at(found, cell, weights)
    np.add.at(rows, cell, 1.0)
    few = FEW * np.where(rows > 0, found / np.maximum(rows, 1), 1.0)
    scale = np.divide(wanted + few, found + few, out=np.ones(shape), where=found + few > 0)
    return np.asarray(scale[cell])
