"""The log as arrays: who could have been chosen, who was, and whom the policy in question would choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

ROUNDING = 1e-6  # by which chances may miss a sum of 1


@dataclass(frozen=True, slots=True)
class LoggedChoice:
    """One decision of the log and what came of it.

    `propensities` are the chances with which the logging policy chose each model, exact, with a sum of 1; a model
    that is missing could not be chosen. `target` are the chances under the policy in question. `reward` is 0..1;
    each of the three outcomes is None where it is not known. `area` is the label of the context.
    """

    chosen: str
    propensities: Mapping[str, float]
    target: Mapping[str, float]
    area: str = ""
    reward: float | None = None
    cost_micros: float | None = None
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """n decisions over k models and a areas. Rows of `logging` and `target` add up to 1.

    chosen: n places of 0..k-1; logging, target: n x k chances; area: n places of 0..a-1.
    """

    models: tuple[str, ...]
    chosen: Places
    logging: Floats
    target: Floats
    area: Places

    @property
    def weights(self) -> Floats:
        """The importance weights, n of them: how much more often the target makes the logged choice than the log did."""
        rows = np.arange(len(self.chosen))
        return np.asarray(self.target[rows, self.chosen] / self.logging[rows, self.chosen])

    def only(self, known: NDArray[np.bool_]) -> "Log":
        """The rows of the log for which `known` is true."""
        kept = {name: getattr(self, name)[known] for name in ("chosen", "logging", "target", "area")}
        return replace(self, **kept)


def log_of(rows: Sequence[LoggedChoice]) -> Log:
    """Read the rows into arrays.

    Raises ValueError for a row whose chances are no distribution, or whose chosen model had no chance of being
    chosen: then the log is wrong, and whatever is computed from it would be too.
    """
    models = tuple(sorted({name for row in rows for name in (*row.propensities, *row.target)}))
    places = {name: place for place, name in enumerate(models)}
    areas = {name: place for place, name in enumerate(sorted({row.area for row in rows}))}
    logging, target = np.zeros((2, len(rows), len(models)))
    for number, row in enumerate(rows):
        for into, chances in ((logging, row.propensities), (target, row.target)):
            _check(chances)
            for name, chance in chances.items():
                into[number, places[name]] = chance
        if not row.propensities.get(row.chosen, 0.0) > 0:
            raise ValueError(f"{row.chosen} was chosen with a recorded propensity of 0")
    chosen = np.array([places[row.chosen] for row in rows], dtype=np.intp)
    area = np.array([areas[row.area] for row in rows], dtype=np.intp)
    return Log(models, chosen, logging, target, area)


def known_and(values: Sequence[float | None]) -> tuple[NDArray[np.bool_], Floats]:
    """Which of n outcomes are known finite numbers, and these numbers alone."""
    numbers = np.array([np.nan if value is None else value for value in values], dtype=float)
    known = np.isfinite(numbers)
    return known, numbers[known]


def _check(chances: Mapping[str, float]) -> None:
    if not all(chance >= 0 for chance in chances.values()) or abs(sum(chances.values()) - 1) > ROUNDING:
        raise ValueError(f"these chances are no distribution: {dict(chances)}")
