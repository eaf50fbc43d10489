"""What outcomes have taught about the models, frozen: the learned half of every decision."""

import hashlib
import json
import math
import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from routing.beliefs import POOL_STRENGTH, Beliefs
from routing.posterior import LEAST_SHAPE, Posterior

LARGEST_COUNT = 10**12  # beyond this a rate near 1 cannot be told from 1 in a float; counts stop there
FULL_CONFIDENCE = 10.0
NUMBERS = {int, float}
NEUTRAL_CONFIDENCE = 5.0  # on the scale of 0 to 10
NEUTRAL_WEIGHT = 4.0  # how many answers the neutral confidence is worth


def _amount(value: Any) -> float:
    """A finite amount from 0 to what a thousand million million counts can add up to; 0 for what is none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.0
    except OverflowError:
        return float(LARGEST_COUNT) if value > 0 else 0.0
    return min(max(number, 0.0), float(LARGEST_COUNT)) if math.isfinite(number) else 0.0


def _count(value: Any) -> int:
    return int(_amount(value))


def _whole(number: float) -> float:
    """A whole number as an int: what counts in full reads as a count."""
    return int(number) if number == int(number) else number


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one model, in one area or in all.

    `successes` may be fractions (0 to 1 each), and `requests` too, where old evidence counts in part only.
    `confidence_sum` adds up confidences of 0 to 10 over `rated`
    answers, `latency_ms_sum` milliseconds over `timed` ones. Any number that cannot be is put right when the
    tally is made, so that no stored oddity can stop a decision.
    """

    requests: float = 0
    successes: float = 0.0
    confidence_sum: float = 0.0
    rated: int = 0
    latency_ms_sum: float = 0.0
    timed: int = 0

    def __post_init__(self) -> None:
        # Almost every tally is in order; none is that holds what is no number, for which each comparison is false.
        in_order = (
            type(self.requests) is type(self.rated) is type(self.timed) is int
            and {type(self.successes), type(self.confidence_sum), type(self.latency_ms_sum)} <= NUMBERS
            and 0 <= self.successes <= self.requests <= LARGEST_COUNT
            and 0 <= self.rated <= LARGEST_COUNT
            and 0 <= self.confidence_sum <= FULL_CONFIDENCE * self.rated
            and self.confidence_sum <= LARGEST_COUNT
            and 0 <= self.timed <= LARGEST_COUNT
            and 0 <= self.latency_ms_sum <= LARGEST_COUNT
        )
        if not in_order:
            self._put_in_order()

    def _put_in_order(self) -> None:
        requests, rated = _whole(_amount(self.requests)), _count(self.rated)
        fixed = {
            "requests": requests,
            "successes": min(_amount(self.successes), requests),
            "confidence_sum": min(_amount(self.confidence_sum), FULL_CONFIDENCE * rated),
            "rated": rated,
            "latency_ms_sum": _amount(self.latency_ms_sum),
            "timed": _count(self.timed),
        }
        for name, value in fixed.items():
            object.__setattr__(self, name, value)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*map(operator.add, self.numbers, other.numbers))

    @property
    def numbers(self) -> tuple[float, float, float, int, float, int]:
        """All six, in the order in which they are declared."""
        return self.requests, self.successes, self.confidence_sum, self.rated, self.latency_ms_sum, self.timed

    @property
    def rate(self) -> float | None:
        """Successes per request; None before the first."""
        return self.successes / self.requests if self.requests else None

    @property
    def latency_ms(self) -> float | None:
        """Mean latency in milliseconds; None before the first."""
        return self.latency_ms_sum / self.timed if self.timed else None

    @property
    def confidence(self) -> float:
        """Mean confidence, 0 to 10, drawn towards the neutral 5 while there are few answers."""
        weight = NEUTRAL_WEIGHT + self.rated
        return (NEUTRAL_CONFIDENCE * NEUTRAL_WEIGHT + self.confidence_sum) / weight


NOTHING = Tally()


@dataclass(frozen=True)
class Snapshot:
    """Tallies by (area, model id). Totals of a model are the sum of its cells, never stored apart.

    `pooled` are other tenants' counts by (kind of task, model id): a first guess where own outcomes are few.
    A cell of theirs is worth `pool_strength` outcomes at most. `withheld` are models whose bonus somebody took back.
    """

    cells: Mapping[tuple[str, str], Tally] = field(default_factory=dict)
    pooled: Mapping[tuple[str, str], Tally] = field(default_factory=dict)
    withheld: frozenset[str] = frozenset()
    pool_strength: float = POOL_STRENGTH

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", MappingProxyType(dict(sorted(self.cells.items()))))
        object.__setattr__(self, "pooled", MappingProxyType(dict(sorted(self.pooled.items()))))
        counts: dict[str, list[tuple[float, ...]]] = {}
        for (_, model), tally in self.cells.items():
            counts.setdefault(model, []).append(tally.numbers)
        totals = {model: Tally(*map(sum, zip(*rows, strict=True))) for model, rows in counts.items()}
        object.__setattr__(self, "_totals", totals)

    def cell(self, area: str, model: str) -> Tally:
        return self.cells.get((area, model), NOTHING)

    def total(self, model: str) -> Tally:
        """The model's tally over all areas."""
        totals: dict[str, Tally] = self.__dict__["_totals"]
        return totals.get(model, NOTHING)

    def posterior(self, area: str, model: str) -> Posterior:
        """What is believed of a model's success rate in an area: its own counts on top of what all others say."""
        belief = self._beliefs.posterior(area, model)
        return belief if _usable(belief) else Posterior(1.0, 1.0)

    def prior(self, area: str, model: str) -> Posterior:
        """The same without the cell's own counts: what everything else says of it."""
        belief = self._beliefs.prior(area, model)
        return belief if _usable(belief) else Posterior(1.0, 1.0)

    @cached_property
    def _beliefs(self) -> Beliefs:
        return Beliefs(self.cells, pooled=self.pooled, pool_strength=self.pool_strength)

    def with_cell(self, area: str, model: str, tally: Tally) -> "Snapshot":
        """The same knowledge with one cell replaced."""
        return replace(self, cells={**self.cells, (area, model): tally})

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, in one order whatever the order in which it was gathered."""
        return {
            "cells": _rows(self.cells),
            "pooled": _rows(self.pooled),
            "withheld": sorted(self.withheld),
            "pool_strength": float(self.pool_strength),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Snapshot":
        """The same knowledge again."""
        return cls(
            _cells(stored["cells"]),
            _cells(stored["pooled"]),
            frozenset(stored["withheld"]),
            float(stored["pool_strength"]),
        )

    @property
    def digest(self) -> str:
        """The same for the same knowledge, whatever the process or the order in which it was gathered."""
        return hashlib.sha256(json.dumps(self.as_json()).encode()).hexdigest()


EMPTY = Snapshot()


def _rows(cells: Mapping[tuple[str, str], Tally]) -> list[list[Any]]:
    """One row per cell; sums are always written as fractions, so that they read the same after any storage."""
    return [
        [area, model, t.requests, float(t.successes), float(t.confidence_sum), t.rated,
         float(t.latency_ms_sum), t.timed]
        for (area, model), t in cells.items()
    ]  # fmt: skip


def _cells(rows: Iterable[Iterable[Any]]) -> dict[tuple[str, str], Tally]:
    return {(area, model): Tally(*numbers) for area, model, *numbers in rows}


def _usable(belief: Posterior) -> bool:
    a, b = belief
    return LEAST_SHAPE <= a < math.inf and LEAST_SHAPE <= b < math.inf
