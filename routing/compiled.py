"""Turns what is known into finished, explained choices: the work that a decision does not have to do."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import cycle, repeat
from operator import mul
from types import MappingProxyType

import numpy as np

from routing.catalog import Model
from routing.choice import EXPLAINED, Choice, NodeScore, Ranked, because
from routing.constraints import sift
from routing.entry import Entry, Placed, Question
from routing.errors import NoCandidate
from routing.known import Known
from routing.requirement import Requirement
from routing.rules import TIE_DIGITS
from routing.scoring.contract import Mark
from routing.scoring.marks import Marks, Row, marks
from routing.scoring.weights import NODES
from routing.thompson import Arm, Draws, drawn_rates, winners

NAMES = tuple(node.name for node in NODES)
TASK_FIT = next(place for place, node in enumerate(NODES) if node.name == "TaskFit")
HISTORY = next(place for place, node in enumerate(NODES) if node.name == "History")
NO_SHIFTS: Mapping[str, float] = MappingProxyType({})


class Compiler:
    """Makes entries from what is known; marks and draws of an area are made once and serve every mode and size."""

    __slots__ = (
        "_bonuses", "_columns", "_marks", "_rates", "_shifts", "_sifted", "_unmoved", "known", "sizes",
    )  # fmt: skip

    def __init__(
        self, known: Known, *, shifts: Mapping[str, float] = NO_SHIFTS, unmoved: "Compiler | None" = None
    ) -> None:
        """`shifts` move the History of models, by id, -1 to 1; `unmoved` has the draws from which they move.

        `sizes` are the input limits of the models, ascending: between two of them size makes no difference.
        """
        self.known, self._shifts, self._unmoved = known, shifts, unmoved
        self._columns = {model.id: column for column, model in enumerate(known.catalog.models)}
        self._marks: dict[str, Marks] = {}
        self._rates: dict[str, Draws] = {}
        self._bonuses: dict[str, float] = {}
        self.sizes = sorted({model.max_input_tokens for model in known.catalog.models})
        self._sifted: dict[tuple[object, ...], tuple[tuple[Model, ...], Counter[str]]] = {}

    def moved(self, shifts: Mapping[str, float]) -> "Compiler":
        """The same knowledge, with what a prompt tells of each model."""
        return Compiler(self.known, shifts=shifts, unmoved=self)

    def entry(self, requirement: Requirement) -> Entry:
        """The answer to a question. Raises NoCandidate when the constraints leave no model."""
        models, counts = self._left(requirement)
        found, weights = self._marks_of(requirement), self.known.weights.by_mode[requirement.mode]
        placed = self._ranking(models, found, weights)

        def explained(these: Sequence[Placed] = placed) -> tuple[Ranked, ...]:
            return tuple(_ranked(one, found[one.model], weights) for one in these)

        top = explained(placed[:EXPLAINED])
        why = because(top[:2], mode=requirement.mode, area=requirement.area, removed=counts)
        question = Question(requirement, placed, top, why, explained)
        best = self._choice(question)
        if self.known.rules.draws < 1 or len(placed) == 1:
            return Entry(best, repeat(best).__next__, [best], {}, {best.model: 1.0}, explained)
        return self._drawn(question, best)

    def limits(self, requirement: Requirement) -> tuple[object, ...]:
        """What the constraints look at: requirements with the same answer leave the same models."""
        return (
            requirement.needs_tools, requirement.needs_json, bisect_left(self.sizes, requirement.input_tokens),
        )  # fmt: skip

    def _left(self, requirement: Requirement) -> tuple[tuple[Model, ...], Counter[str]]:
        """The models that the constraints leave, and how many each of them took out."""
        limits = self.limits(requirement)
        found = self._sifted.get(limits)
        if found is None:
            models, removed = sift(self.known.catalog, requirement, providers=self.known.providers)
            if not models:
                raise NoCandidate(removed)
            counts = Counter(removal.constraint for removal in removed)
            found = self._sifted.setdefault(limits, (models, counts))
        return found

    def _drawn(self, question: Question, best: Choice) -> Entry:
        weight = self.known.weights.by_mode[question.requirement.mode][HISTORY]
        won = winners(
            [
                Arm(self._columns[one.model], one.bonus, math.fsum(_without_history(one.parts)), weight)
                for one in question.placed
            ],
            self.rates_of(question.requirement.area),
            most_explored=self.known.rules.most_explored,
        )
        choices = {
            place: self._choice(question, place=place, propensity=count / len(won), draw=won.index(place))
            for place, count in Counter(won).items()
        }
        sequence = list(map(choices.__getitem__, won))
        return Entry(
            best=best,
            draw=cycle(sequence).__next__,
            sequence=sequence,
            drawn={won.index(place): choice for place, choice in choices.items()},
            chances={choice.model: choice.propensity for choice in choices.values()},
            explained=question.explained,
        )

    def rates_of(self, area: str) -> Draws:
        """The drawn success rates of all models in an area: rows are draws, columns models as in the catalogue."""
        found = self._rates.get(area)
        if found is None:
            if self._unmoved is not None:
                return self._rates.setdefault(area, self._moved_rates(self._unmoved.rates_of(area)))
            rules, snapshot = self.known.rules, self.known.snapshot
            posteriors = [snapshot.posterior(area, model) for model in self._columns]
            rates = drawn_rates(
                posteriors,
                draws=rules.draws,
                sharpness=rules.sharpness,
                seed=f"{self.known.version} {area}",
            )
            found = self._rates.setdefault(area, rates)
        return found

    def _moved_rates(self, rates: Draws) -> Draws:
        moves = np.array([self._shifts.get(model, 0.0) for model in self._columns])
        moved: Draws = np.clip(rates + moves, 0.0, 1.0)
        return moved

    def _choice(
        self, question: Question, *, place: int = 0, propensity: float = 1.0, draw: int | None = None
    ) -> Choice:
        requirement, placed, top, why, explained = question
        chosen = placed[place]
        if place:
            why = f"{chosen.model} is tried to learn more of it ({propensity:.1%} of such calls); otherwise {why}"
        return Choice(
            task_kind=requirement.task_kind,
            mode=requirement.mode,
            model=chosen.model,
            provider=chosen.provider,
            ranked=top if place < EXPLAINED else (*top[:-1], *explained((chosen,))),
            order=(chosen.model, *(one.model for one in placed if one is not chosen)),
            why=why,
            propensity=propensity,
            explored=place > 0,
            scoreboard_version=self.known.version,
            draw=draw,
        )

    def _ranking(self, models: Sequence[Model], found: Marks, weights: tuple[float, ...]) -> list[Placed]:
        """The candidates in their order; one loop, since it runs for every model of every board."""
        ranking = []
        for model in models:
            scores = [mark[0] for mark in found[model.id]]
            parts = tuple(map(mul, weights, scores))
            bonus = self._bonuses.get(model.id) or self._bonus(model.id)
            total = bonus * math.fsum(parts)
            ranking.append(
                Placed(
                    -round(total, TIE_DIGITS),
                    -scores[TASK_FIT],
                    model.id,
                    model.provider,
                    total,
                    bonus,
                    parts,
                )
            )
        ranking.sort()
        return ranking

    def _marks_of(self, requirement: Requirement) -> Marks:
        found = self._marks.get(requirement.area)
        if found is None:
            made = marks(self.known.catalog, requirement, self.known.snapshot)
            if self._shifts:
                made = {model: _moved(row, self._shifts.get(model, 0.0)) for model, row in made.items()}
            found = self._marks.setdefault(requirement.area, made)
        return found

    def _bonus(self, model_id: str) -> float:
        bonus = self._bonuses[model_id] = self.known.rules.bonus if earns_bonus(self.known, model_id) else 1.0
        return bonus


def _moved(row: Row, shift: float) -> Row:
    """A model's marks with its History moved by what the prompt tells."""
    if not shift:
        return row
    score, reason = row[HISTORY]
    moved = Mark(min(1.0, max(0.0, score + shift)), f"{reason}; this prompt moves it by {shift:+.3f}")
    return (*row[:HISTORY], moved, *row[HISTORY + 1 :])


def earns_bonus(known: Known, model_id: str) -> bool:
    """Whether a model's rate over enough requests is above the threshold, and nobody took its bonus away."""
    total, rules = known.snapshot.total(model_id), known.rules
    if model_id in known.snapshot.withheld or total.requests < max(1, rules.bonus_minimum):
        return False
    return round(total.successes / total.requests, TIE_DIGITS) > rules.bonus_rate


def _ranked(one: Placed, row: Row, weights: tuple[float, ...]) -> Ranked:
    nodes = tuple(
        NodeScore(name, weight, score, reason)
        for name, weight, (score, reason) in zip(NAMES, weights, row, strict=True)
    )
    return Ranked(one.model, one.provider, one.total, one.bonus, nodes)


def _without_history(parts: tuple[float, ...]) -> tuple[float, ...]:
    return parts[:HISTORY] + parts[HISTORY + 1 :]
