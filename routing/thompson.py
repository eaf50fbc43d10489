"""Exploration decided in advance: many draws from the beliefs, made when the scoreboard is compiled.

A decision then takes the next prepared draw, and the share of the draws that a model won is its exact
propensity: no estimate is needed to use the log for what-if questions.
"""

import hashlib
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.posterior import Posterior

Draws = NDArray[np.float64]

OPTIMISM = 1.4  # standard deviations: less settles on a wrong model, more tries for too long
NOISE = 0.05  # standard deviations: every random step costs, and optimism needs none
PLAIN_EVERY = 16  # draws, of which one is plain
SHAPE_OFFSET = 0.6  # added to the shapes before their spread is taken: few outcomes give no endless one


class Arm(NamedTuple):
    """One model in the draw: its total is `bonus` x (`fixed` + `weight` x a drawn success rate).

    `column` is its place in the table of drawn rates.
    """

    column: int
    bonus: float
    fixed: float
    weight: float


def drawn_rates(
    posteriors: Sequence[Posterior],
    *,
    draws: int,
    sharpness: float,
    seed: str,
    optimism: float = OPTIMISM,
    plain_every: int = PLAIN_EVERY,
) -> Draws:
    """A table of success rates, `draws` rows by one column per posterior; the same for the same arguments.

    Most rows are optimistic: each rate stands `optimism` standard deviations (of its logit) above what is believed,
    with so little noise that only near ties are open. One row in `plain_every`, at a random place, is a plain
    Thompson draw, so that the log holds every model that might be right: `sharpness` is how many times less it
    varies than the belief (1 is the belief itself).
    """
    generator = np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]))
    shapes = np.array(posteriors)
    middle = np.log(shapes[:, 0]) - np.log(shapes[:, 1])
    spread = np.sqrt((1 / (shapes + SHAPE_OFFSET)).sum(axis=1))
    push, noise = np.full((draws, 1), optimism), np.full((draws, 1), NOISE)
    plain = generator.permutation(draws) < draws / plain_every
    push[plain], noise[plain] = 0.0, 1 / math.sqrt(sharpness)
    logits = middle + spread * (push + noise * generator.standard_normal((draws, len(posteriors))))
    rates: Draws = 1 / (1 + np.exp(-logits))
    return rates


def winners(arms: Sequence[Arm], rates: Draws, *, most_explored: float = 1.0) -> list[int]:
    """The position of the winning arm in each draw. On a tie the earlier arm wins: give them in rank order.

    At most a share of `most_explored` of the draws differs from the first arm: of those that would, every so many
    stay, and the first arm wins the others.
    """
    columns, bonus, fixed, weight = zip(*arms, strict=True)
    totals = np.array(bonus) * (np.array(fixed) + np.array(weight) * rates[:, columns])
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
