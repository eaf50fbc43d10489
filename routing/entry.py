"""The answer to one question as it is compiled: the choices, how they are drawn, and who stands behind them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

from routing.choice import Choice, Ranked
from routing.requirement import Requirement


class Placed(NamedTuple):
    """A candidate in the ranking, before anything is explained: sorted as it stands.

    The order is the higher total (to nine digits), then the better task fit, then the id. `parts` are weight x score
    by node.
    """

    behind: float
    unfit: float
    model: str
    provider: str
    total: float
    bonus: float
    parts: tuple[float, ...]


@dataclass(frozen=True)
class Entry:
    """The answer to one question.

    `best` is the choice by the rules, `draw` gives the next prepared one of `sequence` at each call, `drawn` holds
    those that differ by the place of their first draw, `chances` says with which probability each model is drawn.
    """

    best: Choice
    draw: Callable[[], Choice]
    sequence: Sequence[Choice]
    drawn: Mapping[int, Choice]
    chances: Mapping[str, float]
    explained: "Explained"

    @cached_property
    def rows(self) -> tuple[Ranked, ...]:
        """All candidates in their order, each explained: made when somebody looks."""
        return self.explained()


class Explained(Protocol):
    """Explains some candidates, or all."""

    def __call__(self, these: Sequence[Placed] = ..., /) -> tuple[Ranked, ...]: ...


class Question(NamedTuple):
    """What is asked, and what all choices that answer it have in common."""

    requirement: Requirement
    placed: Sequence[Placed]
    top: tuple[Ranked, ...]
    why: str
    explained: "Explained"
