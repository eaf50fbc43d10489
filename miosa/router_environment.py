"""The variables that hold the router's thresholds; docs/routing.md says what each one decides."""

from collections.abc import Callable
from dataclasses import dataclass

from miosa import variable_checks as check
from miosa.variable_field import variable


def between(low: float, high: float) -> Callable[[str], float]:
    """Check a number from `low` to `high`, both included."""

    def parse(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            raise ValueError(f"must be a number from {low:g} to {high:g}") from None
        if not low <= number <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return number

    return parse


@dataclass(frozen=True, kw_only=True)
class RouterEnvironment:
    """What `Environment` knows about the router. Rates are shares from 0 to 1."""

    bonus_rate: float = variable("MIOSA_BONUS_RATE", between(0, 1), 0.80)
    bonus: float = variable("MIOSA_BONUS", between(1, 2), 1.10)
    bonus_minimum: int = variable("MIOSA_BONUS_MINIMUM", check.number(1, 1_000_000), 20)
    evaluate_after: int = variable("MIOSA_EVALUATE_AFTER", check.number(1, 1_000_000), 100)
    improved_rate: float = variable("MIOSA_IMPROVED_RATE", between(0, 1), 0.85)
    pool_strength: float = variable("MIOSA_POOL_STRENGTH", between(0, 1000), 8.0)
