"""Exploration decided in advance: many draws from the posteriors, made when the scoreboard is compiled.

A decision then takes the next prepared draw, and the share of the draws that a model won is its exact
propensity: no estimate is needed to use the log for what-if questions.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.snapshot import Posterior

Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Arm:
    """One model in the draw: its total is `bonus` x (`fixed` + `weight` x a drawn success rate).

    `column` is its place in the table of drawn rates.
    """

    column: int
    bonus: float
    fixed: float
    weight: float


def drawn_rates(posteriors: Sequence[Posterior], *, draws: int, sharpness: float, seed: str) -> Draws:
    """A table of success rates, `draws` rows by one column per posterior; the same for the same arguments.

    `sharpness` multiplies the parameters of the posterior: 1 is plain Thompson sampling, more explores less.
    """
    generator = np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]))
    shapes = np.array(posteriors) * sharpness
    return generator.beta(shapes[:, 0], shapes[:, 1], size=(draws, len(posteriors)))


def winners(arms: Sequence[Arm], rates: Draws, *, most_explored: float = 1.0) -> list[int]:
    """The position of the winning arm in each draw. On a tie the earlier arm wins: give them in rank order.

    At most a share of `most_explored` of the draws differs from the first arm: of those that would, every so many
    stay, and the first arm wins the others.
    """
    bonus, fixed, weight = (
        np.array([getattr(arm, name) for arm in arms]) for name in ("bonus", "fixed", "weight")
    )
    totals = bonus * (fixed + weight * rates[:, [arm.column for arm in arms]])
    won = totals.argmax(axis=1)
    explored = np.flatnonzero(won)
    allowed = math.floor(most_explored * len(won))
    if len(explored) > allowed:
        kept = explored[np.arange(allowed) * len(explored) // max(1, allowed)]
        bounded = np.zeros_like(won)
        bounded[kept] = won[kept]
        won = bounded
    places: list[int] = won.tolist()
    return places
