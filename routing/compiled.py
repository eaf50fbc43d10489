"""Turns what is known into finished, explained choices: the work that a decision does not have to do."""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle, repeat

from routing.catalog import Model
from routing.choice import EXPLAINED, Choice, NodeScore, Ranked, because
from routing.constraints import sift
from routing.errors import NoCandidate
from routing.known import Known
from routing.requirement import Requirement
from routing.rules import TIE_DIGITS
from routing.scoring.contract import Mark
from routing.scoring.weights import NODES
from routing.thompson import Arm, Draws, drawn_rates, winners

TASK_FIT = next(place for place, node in enumerate(NODES) if node.name == "TaskFit")
HISTORY = next(place for place, node in enumerate(NODES) if node.name == "History")


@dataclass(frozen=True, slots=True)
class Entry:
    """The answer to one question.

    `best` is the choice by the rules, `draw` gives the next prepared one at each call, `drawn` holds those that
    differ by the place of their first draw, `rows` are all candidates in their order, `chances` says with which
    probability each model is drawn.
    """

    best: Choice
    draw: Callable[[], Choice]
    drawn: Mapping[int, Choice]
    rows: tuple[Ranked, ...]
    chances: Mapping[str, float]


class Compiler:
    """Makes entries from what is known; marks and draws of an area are made once and serve every mode and size."""

    __slots__ = ("_bonuses", "_columns", "_marks", "_rates", "known")

    def __init__(self, known: Known) -> None:
        self.known = known
        self._columns = {model.id: column for column, model in enumerate(known.catalog.models)}
        self._marks: dict[str, dict[str, tuple[Mark, ...]]] = {}
        self._rates: dict[str, Draws] = {}
        self._bonuses: dict[str, float] = {}

    def entry(self, requirement: Requirement) -> Entry:
        """The answer to a question. Raises NoCandidate when the constraints leave no model."""
        models, removed = sift(self.known.catalog, requirement, providers=self.known.providers)
        if not models:
            raise NoCandidate(removed)
        rows = tuple(sorted((self._rank(model, requirement) for model in models), key=_place))
        counts = Counter(removal.constraint for removal in removed)
        why = because(rows[:2], mode=requirement.mode, area=requirement.area, removed=counts)
        best = self._choice(requirement, rows, why)
        if self.known.rules.draws < 1 or len(rows) == 1:
            return Entry(best, repeat(best).__next__, {}, rows, {best.model: 1.0})
        return self._drawn(requirement, rows, why, best)

    def _drawn(self, requirement: Requirement, rows: tuple[Ranked, ...], why: str, best: Choice) -> Entry:
        won = winners(
            [self._arm(row) for row in rows],
            self.rates_of(requirement.area),
            most_explored=self.known.rules.most_explored,
        )
        counts, first = Counter(won), {place: number for number, place in reversed(list(enumerate(won)))}
        choices = {
            place: self._choice(
                requirement, rows, why, place=place, propensity=count / len(won), draw=first[place]
            )
            for place, count in counts.items()
        }
        return Entry(
            best=best,
            draw=cycle([choices[place] for place in won]).__next__,
            drawn={first[place]: choice for place, choice in choices.items()},
            rows=rows,
            chances={choice.model: choice.propensity for choice in choices.values()},
        )

    def _arm(self, row: Ranked) -> Arm:
        fixed = math.fsum(node.part for place, node in enumerate(row.nodes) if place != HISTORY)
        return Arm(self._columns[row.model], bonus=row.bonus, fixed=fixed, weight=row.nodes[HISTORY].weight)

    def rates_of(self, area: str) -> Draws:
        """The drawn success rates of all models in an area: rows are draws, columns models as in the catalogue."""
        found = self._rates.get(area)
        if found is None:
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

    def _choice(
        self,
        requirement: Requirement,
        rows: tuple[Ranked, ...],
        why: str,
        *,
        place: int = 0,
        propensity: float = 1.0,
        draw: int | None = None,
    ) -> Choice:
        chosen = rows[place]
        top = rows[:EXPLAINED]
        if place:
            why = f"{chosen.model} is tried to learn more of it ({propensity:.1%} of such calls); otherwise {why}"
        return Choice(
            task_kind=requirement.task_kind,
            mode=requirement.mode,
            model=chosen.model,
            provider=chosen.provider,
            ranked=top if place < EXPLAINED else (*top[:-1], chosen),
            order=(chosen.model, *(row.model for row in rows if row is not chosen)),
            why=why,
            propensity=propensity,
            explored=place > 0,
            scoreboard_version=self.known.version,
            draw=draw,
        )

    def _rank(self, model: Model, requirement: Requirement) -> Ranked:
        marks = self._marks_of(requirement)[model.id]
        weights = self.known.weights.by_mode[requirement.mode]
        nodes = tuple(
            NodeScore(node.name, weight, mark.score, mark.reason)
            for node, weight, mark in zip(NODES, weights, marks, strict=True)
        )
        bonus = self._bonus(model.id)
        return Ranked(model.id, model.provider, bonus * math.fsum(node.part for node in nodes), bonus, nodes)

    def _marks_of(self, requirement: Requirement) -> dict[str, tuple[Mark, ...]]:
        found = self._marks.get(requirement.area)
        if found is None:
            marks = {
                model.id: tuple(
                    _bounded(node.mark(model, requirement, self.known.snapshot)) for node in NODES
                )
                for model in self.known.catalog.models
            }
            found = self._marks.setdefault(requirement.area, marks)
        return found

    def _bonus(self, model_id: str) -> float:
        found = self._bonuses.get(model_id)
        if found is None:
            found = self._bonuses[model_id] = (
                self.known.rules.bonus if earns_bonus(self.known, model_id) else 1.0
            )
        return found


def earns_bonus(known: Known, model_id: str) -> bool:
    """Whether a model's rate over enough requests is above the threshold, and nobody took its bonus away."""
    total, rules = known.snapshot.total(model_id), known.rules
    if model_id in known.snapshot.withheld or total.requests < max(1, rules.bonus_minimum):
        return False
    return round(total.successes / total.requests, TIE_DIGITS) > rules.bonus_rate


def _bounded(mark: Mark) -> Mark:
    """A score outside 0 to 1 (or none at all) counts as the nearest end: a bad figure must not stop a decision."""
    return mark if 0 <= mark.score <= 1 else Mark(1.0 if mark.score > 1 else 0.0, mark.reason)


def _place(row: Ranked) -> tuple[float, float, str]:
    """The order of the ranking: the higher total (to nine digits), then the better task fit, then the id."""
    return -round(row.total, TIE_DIGITS), -row.nodes[TASK_FIT].score, row.model
