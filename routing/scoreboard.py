"""Every decision made before it is asked for: an immutable board of finished, explained choices.

A board is compiled from what is known (catalogue, snapshot, weights, rules, reachable providers) and never
changes; new knowledge is a new board, and whoever holds one swaps one reference. The usual questions are
compiled at once, the others when first asked. Its version is a hash of what is known: the same knowledge gives
the same board in every process and after every restart.
"""

import hashlib
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import cycle, repeat
from typing import NamedTuple

from routing.catalog import Catalog, Model
from routing.choice import EXPLAINED, Choice, NodeScore, Ranked, because
from routing.constraints import sift
from routing.errors import NoCandidate
from routing.requirement import MODES, SMALLEST_CLASS_BITS, TASK_KINDS, Requirement, size_class
from routing.scoring.contract import Mark
from routing.scoring.weights import NODES, SIX_NODES, WeightSet
from routing.snapshot import EMPTY, Snapshot
from routing.thompson import Arm, Draws, drawn_rates, winners

BONUS_RATE = 0.80  # a success rate above this earns the bonus; exactly this does not
BONUS = 1.10
BONUS_MINIMUM = 20  # requests before a rate counts: one lucky answer must not turn the order
DRAWS = 256
SHARPNESS = 3.0  # how much narrower than the posterior the draws are
TIE_DIGITS = 9
_TASK_FIT = next(place for place, node in enumerate(NODES) if node.name == "TaskFit")
_HISTORY = next(place for place, node in enumerate(NODES) if node.name == "History")


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of the decision. `draws` 0 switches exploration off; another `seed` draws anew."""

    bonus_rate: float = BONUS_RATE
    bonus: float = BONUS
    bonus_minimum: int = BONUS_MINIMUM
    draws: int = DRAWS
    sharpness: float = SHARPNESS
    seed: int = 0


class Entry(NamedTuple):
    """The answer to one question: the best choice, and the next explored one at each call."""

    best: Choice
    draw: Callable[[], Choice]


class Scoreboard:
    """`best` and `draws` are the look-up tables by `Requirement.key`; ask `entry` for what they lack."""

    __slots__ = (
        "_columns", "_entries", "_limits", "_marks", "_rates", "best", "catalog", "draws", "providers", "rules",
        "snapshot", "version", "weights",
    )  # fmt: skip

    def __init__(
        self,
        catalog: Catalog,
        snapshot: Snapshot = EMPTY,
        *,
        providers: Iterable[str],
        weights: WeightSet = SIX_NODES,
        rules: Rules = Rules(),
        warm: Iterable[str] = TASK_KINDS,
    ) -> None:
        """`providers`: those that can be reached. `warm`: the task kinds to compile now, not when first asked."""
        self.catalog, self.snapshot, self.weights, self.rules = catalog, snapshot, weights, rules
        self.providers = frozenset(providers)
        self.version = self._version()
        self.best: dict[str, Choice] = {}
        self.draws: dict[str, Callable[[], Choice]] = {}
        self._entries: dict[tuple[object, ...], Entry] = {}
        self._marks: dict[str, dict[str, tuple[Mark, ...]]] = {}
        self._rates: dict[str, Draws] = {}
        self._columns = {model.id: column for column, model in enumerate(catalog.models)}
        self._limits = sorted({model.max_input_tokens for model in catalog.models})
        for task_kind in warm:
            for mode in MODES:
                self._warm(Requirement(task_kind, mode))

    def updated(self, snapshot: Snapshot, *, warm: Iterable[str] = TASK_KINDS) -> "Scoreboard":
        """A new board from new knowledge; only the `warm` kinds are compiled at once."""
        return Scoreboard(
            self.catalog,
            snapshot,
            providers=self.providers,
            weights=self.weights,
            rules=self.rules,
            warm=warm,
        )

    def entry(self, requirement: Requirement) -> Entry:
        """The answer, compiled now if nobody asked before. Raises NoCandidate."""
        place = bisect_left(self._limits, requirement.input_tokens)
        question = (
            requirement.task_kind, requirement.mode, requirement.needs_tools, requirement.needs_json, place,
        )  # fmt: skip
        entry = self._entries.get(question)
        if entry is None:
            entry = self._entries.setdefault(question, self._compile(requirement))
        if self._one_answer(size_class(requirement.input_tokens)):
            self.draws[requirement.key] = entry.draw
            self.best[requirement.key] = entry.best
        return entry

    def _warm(self, requirement: Requirement) -> None:
        try:
            self.entry(requirement)
        except NoCandidate:
            return  # said to whoever asks; a board without candidates is still a board

    def _one_answer(self, size: int) -> bool:
        """Whether all inputs of a size class meet the same limits, so that the key alone is the question."""
        largest = 1 << (size + SMALLEST_CLASS_BITS)
        smallest = largest // 2 + 1 if size else 0
        return bisect_left(self._limits, smallest) == bisect_left(self._limits, largest)

    def _compile(self, requirement: Requirement) -> Entry:
        models, removed = sift(self.catalog, requirement, providers=self.providers)
        if not models:
            raise NoCandidate(removed)
        rows = sorted((self._rank(model, requirement) for model in models), key=_place)
        counts = Counter(removal.constraint for removal in removed)
        why = because(rows[:2], mode=requirement.mode, task_kind=requirement.task_kind, removed=counts)
        best = self._choice(requirement, rows, why)
        if self.rules.draws < 1 or len(rows) == 1:
            return Entry(best, repeat(best).__next__)
        return Entry(best, self._draws(requirement, rows, why))

    def _draws(self, requirement: Requirement, rows: list[Ranked], why: str) -> Callable[[], Choice]:
        won = winners([self._arm(row) for row in rows], self._rates_of(requirement.task_kind))
        choices = {
            place: self._choice(requirement, rows, why, place=place, propensity=count / len(won))
            for place, count in Counter(won).items()
        }
        return cycle([choices[place] for place in won]).__next__

    def _arm(self, row: Ranked) -> Arm:
        fixed = math.fsum(node.part for place, node in enumerate(row.nodes) if place != _HISTORY)
        return Arm(self._columns[row.model], bonus=row.bonus, fixed=fixed, weight=row.nodes[_HISTORY].weight)

    def _rates_of(self, task_kind: str) -> Draws:
        """The drawn success rates of all models for a kind of task: they serve every mode and size."""
        found = self._rates.get(task_kind)
        if found is None:
            posteriors = [self.snapshot.posterior(task_kind, model) for model in self._columns]
            seed = f"{self.version} {task_kind}"
            rates = drawn_rates(posteriors, draws=self.rules.draws, sharpness=self.rules.sharpness, seed=seed)
            found = self._rates.setdefault(task_kind, rates)
        return found

    def _choice(
        self,
        requirement: Requirement,
        rows: list[Ranked],
        why: str,
        *,
        place: int = 0,
        propensity: float = 1.0,
    ) -> Choice:
        chosen = rows[place]
        top = tuple(rows[:EXPLAINED])
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
            scoreboard_version=self.version,
        )

    def _rank(self, model: Model, requirement: Requirement) -> Ranked:
        marks = self._marks_of(requirement)[model.id]
        weights = self.weights.by_mode[requirement.mode]
        nodes = tuple(
            NodeScore(node.name, weight, mark.score, mark.reason)
            for node, weight, mark in zip(NODES, weights, marks, strict=True)
        )
        bonus = self.rules.bonus if self._earns_bonus(model.id) else 1.0
        return Ranked(model.id, model.provider, bonus * math.fsum(node.part for node in nodes), bonus, nodes)

    def _marks_of(self, requirement: Requirement) -> dict[str, tuple[Mark, ...]]:
        """The marks of all models for a kind of task: they serve every mode and size."""
        found = self._marks.get(requirement.task_kind)
        if found is None:
            marks = {
                model.id: tuple(_bounded(node.mark(model, requirement, self.snapshot)) for node in NODES)
                for model in self.catalog.models
            }
            found = self._marks.setdefault(requirement.task_kind, marks)
        return found

    def _earns_bonus(self, model_id: str) -> bool:
        total = self.snapshot.total(model_id)
        enough = total.requests >= max(1, self.rules.bonus_minimum)
        return enough and round(total.successes / total.requests, TIE_DIGITS) > self.rules.bonus_rate

    def _version(self) -> str:
        known = (
            self.catalog.digest, self.snapshot.digest, self.rules, sorted(self.providers),
            [(mode, self.weights.by_mode[mode]) for mode in MODES],
        )  # fmt: skip
        return hashlib.sha256(repr(known).encode()).hexdigest()[:16]


def _bounded(mark: Mark) -> Mark:
    """A score outside 0 to 1 (or none at all) counts as the nearest end: a bad figure must not stop a decision."""
    return mark if 0 <= mark.score <= 1 else Mark(1.0 if mark.score > 1 else 0.0, mark.reason)


def _place(row: Ranked) -> tuple[float, float, str]:
    """Highest total first (equal to 1e-9 is a tie), then the better TaskFit, then the id."""
    return (-round(row.total, TIE_DIGITS), -row.nodes[_TASK_FIT].score, row.model)
