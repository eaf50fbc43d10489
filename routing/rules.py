"""The settings of the decision: the thresholds this product began with, and how much it explores."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from routing.beliefs import POOL_STRENGTH

BONUS_RATE = 0.80  # a success rate above this earns the bonus; exactly this does not
BONUS = 1.10
BONUS_MINIMUM = 20  # requests before a rate counts: one lucky answer must not turn the order
EVALUATE_AFTER = 100  # every so many requests a model is evaluated
IMPROVED_RATE = 0.85  # a success rate above this marks it as improved; exactly this does not
DRAWS = 256
SHARPNESS = 3.0  # how much narrower than the posterior the draws are
TIE_DIGITS = 9  # totals and rates are compared rounded to so many places


@dataclass(frozen=True, slots=True)
class Rules:
    """`draws` 0 switches exploration off; another `seed` draws anew.

    `most_explored` bounds the share (0 to 1) of decisions that may try another model than the best.
    """

    bonus_rate: float = BONUS_RATE
    bonus: float = BONUS
    bonus_minimum: int = BONUS_MINIMUM
    evaluate_after: int = EVALUATE_AFTER
    improved_rate: float = IMPROVED_RATE
    draws: int = DRAWS
    sharpness: float = SHARPNESS
    most_explored: float = 1.0
    pool_strength: float = POOL_STRENGTH
    seed: int = 0

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Rules":
        """The same rules again; a number that JSON made whole is a fraction where the field is one."""
        types = cls.__annotations__
        return cls(**{name: types[name](value) for name, value in stored.items()})


SEED_RULES = Rules()
