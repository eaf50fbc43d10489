"""How long an answer is for its model and area: answers that ramble, loop or break off are wrong more often."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite, log1p, sqrt
from typing import NamedTuple

from routing.reliability.answers import Answer

CELL_STRENGTH = 8.0  # answers that the lengths of all models in the area are worth for one of them
LEAST_SPREAD = 0.1  # of log lengths: answers of ten words that differ by one do not differ
FARTHEST = 4.0


class Lengths(NamedTuple):
    """Sums over n log lengths, and over their squares."""

    n: float = 0.0
    total: float = 0.0
    squares: float = 0.0

    def with_one(self, size: float) -> "Lengths":
        return Lengths(self.n + 1, self.total + size, self.squares + size * size)

    def drawn_to(self, wider: "Lengths") -> "Lengths":
        """These lengths and CELL_STRENGTH more that are spread like the wider group's."""
        share = CELL_STRENGTH / wider.n if wider.n else 0.0
        return Lengths(*(own + share * other for own, other in zip(self, wider, strict=True)))

    def standardised(self, size: float) -> float:
        """How many standard deviations the size lies above the mean, within +-FARTHEST; 0 before any is known."""
        if not self.n:
            return 0.0
        mean = self.total / self.n
        spread = sqrt(max(self.squares / self.n - mean * mean, 0.0)) + LEAST_SPREAD
        return min(max((size - mean) / spread, -FARTHEST), FARTHEST)


NONE = Lengths()


@dataclass(frozen=True)
class UsualLengths:
    """Log lengths by area and model, and by area."""

    cells: Mapping[tuple[str, str], Lengths] = field(default_factory=dict)
    areas: Mapping[str, Lengths] = field(default_factory=dict)

    def z(self, answer: Answer) -> float:
        """The standardised log length of an answer; 0 where its length or those of its area are unknown."""
        size = log_length(answer.length)
        cell = self.cells.get((answer.area, answer.model), NONE)
        return 0.0 if size is None else cell.drawn_to(self.areas.get(answer.area, NONE)).standardised(size)


def usual_lengths(answers: Iterable[Answer]) -> UsualLengths:
    """Gather the lengths of the answers that have one."""
    cells: dict[tuple[str, str], Lengths] = {}
    areas: dict[str, Lengths] = {}
    for answer in answers:
        size = log_length(answer.length)
        if size is not None:
            cell = answer.area, answer.model
            cells[cell] = cells.get(cell, NONE).with_one(size)
            areas[answer.area] = areas.get(answer.area, NONE).with_one(size)
    return UsualLengths(cells, areas)


def log_length(length: float | None) -> float | None:
    """log(1 + length); None for what is no length."""
    return log1p(length) if length is not None and isfinite(length) and length >= 0 else None
