"""Sets with many models: how much a router loses while it learns from the outcomes of its own choices alone.

The rows that teach come once, in a random order; for each the router names a model and is told that model's score.
Regret is what the best model of each area, known in hindsight, would have scored more. Then the router stops
learning and exploring, and the other half of the rows says how good its choices have become.
"""

import random
import re
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from benchmarks.quality.pairs import Row, read
from routing.catalog import Catalog, Model, Price, ProviderFacts, Rating
from routing.requirement import MODES, Requirement
from routing.router import decide, explore
from routing.rules import Rules
from routing.scoreboard import Scoreboard
from routing.scoring.weights import NODES, WeightSet
from routing.snapshot import Tally

BANDIT_SETS = ("llmrouter_9models", "zeroeval")
SEEDS = (0, 1, 2, 3, 4)
PROVIDER = "recorded"
# Nothing but what outcomes taught: the recorded models have no catalogue.
HISTORY_ONLY = WeightSet(
    "history", {mode: tuple(float(node.name == "History") for node in NODES) for mode in MODES}
)
BONUS_RATE, BONUS = 0.80, 1.10  # of the bare rule
# Two-sided 95 % of Student's t for 1, 2, 3 ... degrees of freedom; beyond the table the normal's is near enough.
STUDENT_95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
NORMAL_95 = 1.960


class Policy(Protocol):
    """Names a model for a row of an area. `best` is asked when learning is over, and explores nothing."""

    def choose(self, area: str) -> str: ...
    def learn(self, area: str, model: str, score: float) -> None: ...
    def best(self, area: str) -> str: ...


class Product:
    """The product's own board: explored, told each outcome, compiled anew for what changed."""

    def __init__(self, models: Sequence[str], seed: int) -> None:
        self._board = Scoreboard(
            equals(models), providers={PROVIDER}, weights=HISTORY_ONLY, rules=Rules(seed=seed), warm=()
        )

    def choose(self, area: str) -> str:
        return explore(self._board, _requirement(area)).model

    def learn(self, area: str, model: str, score: float) -> None:
        snapshot, place = self._board.snapshot, _requirement(area).area
        counted = snapshot.cell(place, model) + Tally(requests=1, successes=score)
        self._board = self._board.updated(snapshot.with_cell(place, model, counted), warm=())

    def best(self, area: str) -> str:
        return decide(self._board, _requirement(area)).model


class BareRule:
    """The rule this product began with: the highest raw rate of the area, x1.1 above .80; one half where unknown."""

    def __init__(self, models: Sequence[str], seed: int) -> None:
        self._models, self._draw = models, random.Random(seed)
        self._counts: dict[tuple[str, str], tuple[int, float]] = {}

    def choose(self, area: str) -> str:
        return max(self._models, key=lambda model: (self._rate(area, model), self._draw.random()))

    def learn(self, area: str, model: str, score: float) -> None:
        requests, successes = self._counts.get((area, model), (0, 0.0))
        self._counts[area, model] = requests + 1, successes + score

    best = choose

    def _rate(self, area: str, model: str) -> float:
        requests, successes = self._counts.get((area, model), (0, 0.0))
        rate = successes / requests if requests else 0.5
        return rate * BONUS if rate > BONUS_RATE else rate


class Chance:
    """Any model, all alike."""

    def __init__(self, models: Sequence[str], seed: int) -> None:
        self._models, self._draw = models, random.Random(seed)

    def choose(self, area: str) -> str:
        return self._draw.choice(self._models)

    def learn(self, area: str, model: str, score: float) -> None:
        """It never does."""

    best = choose


@dataclass(frozen=True, slots=True)
class Spread:
    """A mean over the seeds, with the half-width of its 95 % interval (Student's t; 0 for one seed)."""

    mean: float
    half: float


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """`regret` in scores over all rows that teach; `online` is the mean score on them, `score` on the others."""

    regret: Spread
    online: Spread
    score: Spread


@dataclass(frozen=True, slots=True)
class BanditResult:
    """One set. `ours` is the product, `ratio` its regret per regret of the bare rule in the same runs."""

    taught: int
    scored: int
    models: int
    areas: int
    seeds: tuple[int, ...]
    ours: PolicyResult
    bare_rule: PolicyResult
    random: PolicyResult
    best_online: float
    best_score: float
    ratio: float

    @property
    def summary(self) -> dict[str, float]:
        """The headline numbers."""
        return {
            "regret": self.ours.regret.mean,
            "regret_seed_rule": self.bare_rule.regret.mean,
            "regret_ratio": self.ratio,
            "mean_score": self.ours.score.mean,
            "online_score": self.ours.online.mean,
            "regret_random": self.random.regret.mean,
            "mean_score_best": self.best_score,
        }


def bandit_sets(data: Path, *, seeds: Sequence[int] = SEEDS) -> dict[str, BanditResult]:
    """Play every bandit set found in `data`; those whose file is missing are told on stderr.

    Raises FileNotFoundError when there is none at all.
    """
    found = {name: data / f"{name}.csv.gz" for name in BANDIT_SETS}
    for path in (path for path in found.values() if not path.is_file()):
        print(f"{path} is missing: it is left out", file=sys.stderr)
    present = [name for name, path in found.items() if path.is_file()]
    if not present:
        raise FileNotFoundError(f"no bandit set in {data}: expected {', '.join(BANDIT_SETS)} as .csv.gz")
    return {name: bandit_set(read(data, name), seeds=seeds) for name in present}


def bandit_set(rows: Sequence[Row], *, seeds: Sequence[int] = SEEDS) -> BanditResult:
    """One set, once per seed and policy; models that lack a score in some row are left out."""
    models = sorted(set.intersection(*(set(row.scores) for row in rows))) if rows else []
    teaching, scored = ([row for row in rows if row.teaches is half] for half in (True, False))
    if len(models) < 2 or not teaching or not scored:  # noqa: PLR2004  one model leaves no choice
        raise ValueError(
            f"{len(models)} models, {len(teaching)} rows to teach, {len(scored)} to score: too few"
        )
    best = best_in_hindsight(teaching, models)

    def played(policy: Callable[[Sequence[str], int], Policy]) -> list[tuple[float, float, float]]:
        return [play(policy(models, seed), teaching, scored, best=best, seed=seed) for seed in seeds]

    ours, bare, chance = (played(policy) for policy in (Product, BareRule, Chance))
    return BanditResult(
        taught=len(teaching),
        scored=len(scored),
        models=len(models),
        areas=len(best),
        seeds=tuple(seeds),
        ours=_result(ours),
        bare_rule=_result(bare),
        random=_result(chance),
        best_online=statistics.fmean(row.scores[best[row.task]] for row in teaching),
        best_score=statistics.fmean(row.scores[best.get(row.task, models[0])] for row in scored),
        ratio=sum(run[0] for run in ours) / max(1e-9, sum(run[0] for run in bare)),
    )


def play(
    policy: Policy, teaching: Sequence[Row], scored: Sequence[Row], *, best: Mapping[str, str], seed: int
) -> tuple[float, float, float]:
    """Regret, mean score while learning, and mean score of the choices it ends with."""
    order = list(teaching)
    random.Random(seed).shuffle(order)
    got = ideal = 0.0
    for row in order:
        model = policy.choose(row.task)
        policy.learn(row.task, model, row.scores[model])
        got += row.scores[model]
        ideal += row.scores[best[row.task]]
    end = statistics.fmean(row.scores[policy.best(row.task)] for row in scored)
    return ideal - got, got / len(order), end


def best_in_hindsight(rows: Iterable[Row], models: Sequence[str]) -> dict[str, str]:
    """The model with the most successes in each area."""
    totals: dict[str, dict[str, float]] = {}
    for row in rows:
        area = totals.setdefault(row.task, dict.fromkeys(models, 0.0))
        for model in models:
            area[model] += row.scores[model]
    return {area: max(models, key=by_model.__getitem__) for area, by_model in totals.items()}


def equals(models: Sequence[str]) -> Catalog:
    """A catalogue in which nothing but the id tells the models apart."""
    on = date(2024, 1, 1)
    same, price = Rating(5.0, "no opinion", on), Price(1, 1, None, "no opinion", on)
    facts = ProviderFacts(PROVIDER, PROVIDER, "http://127.0.0.1:9/v1", "", "", "", 1.0, 1.0, 1.0)
    size = 1 << 20
    return Catalog(
        (facts,),
        tuple(Model(m, PROVIDER, m, price, size, size, size, same, same, same, fit={}) for m in models),
    )


def _requirement(area: str) -> Requirement:
    """The area of a set as a topic of one kind of task."""
    return Requirement("reason", "quality", topic=re.sub(r"[^a-z0-9._-]+", "-", area.lower()).strip("-")[:40])


def _result(runs: Sequence[tuple[float, float, float]]) -> PolicyResult:
    return PolicyResult(*(_spread(values) for values in zip(*runs, strict=True)))


def _spread(values: Sequence[float]) -> Spread:
    freedom = len(values) - 1
    if not freedom:
        return Spread(values[0], 0.0)
    t = STUDENT_95[freedom - 1] if freedom <= len(STUDENT_95) else NORMAL_95
    return Spread(statistics.fmean(values), t * statistics.stdev(values) / len(values) ** 0.5)
