"""What to expect of each cell before its own counts: effects of area, kind and model, learnt from all cells.

On the logit scale a cell is `area + model + (kind, model) + its own deviation`, all of them normal with known
variances. One weighted backfitting gives the effects in closed form, so that it costs microseconds. A cell's
own counts are left out of what is expected of it: they are added afterwards, in full.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spreads:
    """How much rates differ, as variances of logits; `start` is the logit that an area begins with.

    `smoothing` is how many outcomes at the area's rate are added to a cell before its logit is taken,
    `least_strength` and `most_strength` bound what is expected, in outcomes.
    """

    cell: float = 0.7
    kind: float = 0.3
    model: float = 1.0
    area: float = 0.7
    start: float = 0.0
    start_variance: float = 2.0
    smoothing: float = 0.75
    least_strength: float = 1.0
    most_strength: float = 30.0
    rounds: int = 2


SPREADS = Spreads()
EDGE = 0.08  # of the rate that a cell is smoothed towards
LARGEST_LOGIT = 7.0  # rates nearer to 0 or 1 than one in a thousand are told apart by their own counts


class Expected(NamedTuple):
    """Two tables, areas by models: the rate expected (0 to 1), and how many outcomes that is worth."""

    rate: Table
    strength: Table


def expected(
    requests: Table, successes: Table, *, kinds: NDArray[np.intp], spreads: Spreads = SPREADS
) -> Expected:
    """What all other cells say of each one.

    `requests` and `successes` are tables of finite counts >= 0, areas by models (leading axes are separate
    problems); areas of one kind stand together, and `kinds` holds the first row of each kind.
    """
    precision, logits = _observed(requests, successes, spreads)
    sizes = np.diff(kinds, append=requests.shape[-2])
    fit = _fitted(precision, logits, kinds, sizes, spreads)
    return _without_own(fit, precision, sizes, spreads)


def _observed(requests: Table, successes: Table, spreads: Spreads) -> tuple[Table, Table]:
    """Precision and value of each cell's logit as a measurement of its effects."""
    area_rate = (successes.sum(-1, keepdims=True) + 1) / (requests.sum(-1, keepdims=True) + 2)
    # Towards the very edge nothing would be left of a perfect record's weight: the longer, the less it would say.
    towards = np.clip(area_rate, EDGE, 1 - EDGE)
    rate = (successes + spreads.smoothing * towards) / (requests + spreads.smoothing)
    rate = np.clip(rate, 1e-6, 1 - 1e-6)
    weight = requests * rate * (1 - rate)
    return weight / (1 + weight * spreads.cell), np.log(rate / (1 - rate))


class _Fit(NamedTuple):
    """Sums behind the effects. Rows are areas (`level`, `pulled`, `offset`) or kinds (the others)."""

    mean: Table  # of all areas
    offset: Table  # precision x (logit - model effects)
    pulled: Table  # precision x (logit - area effect)
    kind_precision: Table
    kind_pulled: Table


def _fitted(
    precision: Table, logits: Table, kinds: NDArray[np.intp], sizes: NDArray[np.intp], s: Spreads
) -> _Fit:
    total = precision.sum(-1, keepdims=True)
    known = np.maximum(total, 1e-9)
    trust = 1 / (s.area + 1 / known)
    trusted = trust.sum(-2, keepdims=True) + 1 / s.start_variance
    kind_precision = np.add.reduceat(precision, kinds, axis=-2)
    level = (precision * logits).sum(-1, keepdims=True) / known
    for _ in range(s.rounds):
        pulled = precision * (logits - level)
        kind_pulled = np.add.reduceat(pulled, kinds, axis=-2)
        shrunk = 1 + kind_precision * s.kind
        model = (kind_pulled / shrunk).sum(-2, keepdims=True) / (
            (kind_precision / shrunk).sum(-2, keepdims=True) + 1 / s.model
        )
        effects = (kind_pulled + model / s.kind) / (kind_precision + 1 / s.kind)
        offset = precision * (logits - np.repeat(effects, sizes, axis=-2))
        summed = offset.sum(-1, keepdims=True)
        mean = ((trust * summed / known).sum(-2, keepdims=True) + s.start / s.start_variance) / trusted
        level = (summed + mean / s.area) / (total + 1 / s.area)
    return _Fit(mean, offset, pulled, kind_precision, kind_pulled)


def _without_own(fit: _Fit, precision: Table, sizes: NDArray[np.intp], s: Spreads) -> Expected:
    others = precision.sum(-1, keepdims=True) - precision
    level = (fit.offset.sum(-1, keepdims=True) - fit.offset + fit.mean / s.area) / (others + 1 / s.area)
    shrunk = 1 + fit.kind_precision * s.kind
    kind_weight, kind_sum = fit.kind_precision / shrunk, fit.kind_pulled / shrunk
    rest_precision = np.maximum(np.repeat(fit.kind_precision, sizes, axis=-2) - precision, 0.0)
    rest_pulled = np.repeat(fit.kind_pulled, sizes, axis=-2) - fit.pulled
    rest_shrunk = 1 + rest_precision * s.kind
    model_precision = (
        1 / s.model
        + rest_precision / rest_shrunk
        + np.repeat(kind_weight.sum(-2, keepdims=True) - kind_weight, sizes, axis=-2)
    )
    model = rest_pulled / rest_shrunk + np.repeat(kind_sum.sum(-2, keepdims=True) - kind_sum, sizes, axis=-2)
    model = model / model_precision
    kind_variance = 1 / (rest_precision + 1 / s.kind)
    effect = (rest_pulled + model / s.kind) * kind_variance
    variance = s.cell + kind_variance + (kind_variance / s.kind) ** 2 / model_precision
    logit = np.clip(level + effect, -LARGEST_LOGIT, LARGEST_LOGIT)
    rate = 1 / (1 + np.exp(-logit))
    strength = np.clip(1 / (rate * (1 - rate) * variance), s.least_strength, s.most_strength)
    return Expected(rate, strength)
