"""How well P(success) is told for each answer, on recorded outcomes of prompts that were not trained on.

    python -m benchmarks.confidence --data FOLDER [--json]

Each set is cut in two by a hash of the prompt, the same question on the same side in every set: one half trains, the
other is scored. With --json the last line is one JSON object by set. `brier_constant` is the error of the constant
8.5 of 10, `brier_base_rate` that of the training half's mean: no constant could have been chosen better.
"""

import argparse
import csv
import gzip
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.prompts.traits import Traits, traits
from routing.reliability.answers import Answer
from routing.reliability.bins import BINS, bin_of, reliability
from routing.reliability.platt import fit as fit_platt
from routing.reliability.scores import auroc, brier, ece
from routing.reliability.success import SuccessModel, fit
from routing.snapshot import Snapshot, Tally

Floats = NDArray[np.float64]

SETS = ("llmrouter_9models", "zeroeval", "routellm_mmlu", "routellm_gsm8k", "routellm_mtbench")
TEN_POINTS = {"routellm_mtbench"}  # scored 1 to 10; all others 0 to 1
CONSTANT = 0.85  # what agents with a fixed confidence claim
FOLDS = 20  # training rows are judged by records in which their own twentieth is missing
RESAMPLES = 400
HASHED_CHARACTERS = 400


class Recorded(NamedTuple):
    """One prompt with every model's score, 0..1, and the lengths of the answers where they are known."""

    prompt: str
    area: str
    scores: dict[str, float]
    lengths: dict[str, float]


@dataclass(frozen=True)
class Judged:
    """Chances and outcomes of n answers, and the number of the prompt that each belongs to."""

    chances: Floats
    outcomes: Floats
    prompts: NDArray[np.intp]


def trains(prompt: str) -> bool:
    """Whether a prompt is in the training half: the rule that the data's own scorer prescribes."""
    text = "".join(prompt.lower().split())[:HASHED_CHARACTERS]
    return hashlib.sha256(f"score-half:{text}".encode()).digest()[0] % 2 == 0


def read_set(path: Path) -> list[Recorded]:
    """All rows of a recorded set."""
    csv.field_size_limit(1 << 24)
    lowest, range_ = (1.0, 9.0) if path.name.split(".")[0] in TEN_POINTS else (0.0, 1.0)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [_recorded(row, lowest=lowest, range_=range_) for row in csv.DictReader(file)]


def _recorded(row: dict[str, str], *, lowest: float, range_: float) -> Recorded:
    prompt, area = row.pop("prompt"), row.pop("task")
    scores = {
        name: (float(v) - lowest) / range_ for name, v in row.items() if v and not name.startswith("len:")
    }
    lengths = {
        name.removeprefix("len:"): float(v) for name, v in row.items() if v and name.startswith("len:")
    }
    return Recorded(prompt, area, scores, lengths)


def snapshot_of(rows: Iterable[Recorded]) -> Snapshot:
    """What the router knows after these outcomes."""
    scores: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        for model, score in row.scores.items():
            scores.setdefault((row.area, model), []).append(score)
    return Snapshot({cell: Tally(requests=len(all_), successes=sum(all_)) for cell, all_ in scores.items()})


def answers_of(rows: Sequence[Recorded], prompts: Sequence[Traits], knowledge: Snapshot) -> list[Answer]:
    """Every answer of these rows, with what is known of its model without them."""
    return [
        Answer(
            area=row.area,
            model=model,
            posterior=knowledge.posterior(row.area, model).mean,
            prompt=prompt,
            length=row.lengths.get(model),
        )
        for row, prompt in zip(rows, prompts, strict=True)
        for model in row.scores
    ]


def taught(rows: Sequence[Recorded]) -> tuple[SuccessModel, list[Answer], list[float]]:
    """The model fitted on all rows, each answer seen with a record that lacks its own fold; and what it saw."""
    answers: list[Answer] = []
    rewards: list[float] = []
    for fold in range(FOLDS):
        held = rows[fold::FOLDS]
        knowledge = snapshot_of(row for place, row in enumerate(rows) if place % FOLDS != fold)
        answers += answers_of(held, [traits(row.prompt) for row in held], knowledge)
        rewards += [score for row in held for score in row.scores.values()]
    return fit(answers, rewards), answers, rewards


def measure(rows: Sequence[Recorded]) -> dict[str, Any]:
    """Fit on one half, judge the other, in several ways; the last way is the product's."""
    train, score = ([row for row in rows if trains(row.prompt) is half] for half in (True, False))
    model, seen, rewards = taught(train)
    answers = answers_of(score, [traits(row.prompt) for row in score], snapshot_of(train))
    posteriors = np.array([answer.posterior for answer in answers])
    platt = fit_platt([answer.posterior for answer in seen], rewards)
    ways = {
        "constant 8.5": np.full(len(answers), CONSTANT),
        "base rate": np.full(len(answers), float(np.mean(rewards))),
        "posterior of (area, model)": posteriors,
        "the same, Platt": np.array([platt.calibrated(chance) for chance in posteriors.tolist()]),
        "P(success)": np.array([model.chance(answer) for answer in answers]),
    }
    outcomes = np.array([value for row in score for value in row.scores.values()])
    prompts = np.array([place for place, row in enumerate(score) for _ in row.scores])
    told = {name: _told(Judged(chances, outcomes, prompts)) for name, chances in ways.items()}
    ours = told["P(success)"]
    return {
        **ours,
        "brier_constant": told["constant 8.5"]["brier"],
        "brier_base_rate": told["base rate"]["brier"],
        "below_constant": 1 - ours["brier"] / told["constant 8.5"]["brier"],
        "below_base_rate": 1 - ours["brier"] / told["base rate"]["brier"],
        "train_prompts": len(train),
        "answers": len(answers),
        "coefficients": [round(value, 3) for value in model.coefficients],
        "ways": told,
        "bins": [tuple(one) for one in reliability(ways["P(success)"], outcomes)],
    }


def _told(judged: Judged) -> dict[str, Any]:
    low, high = _intervals(judged)
    return {
        "ece": ece(judged.chances, judged.outcomes),
        "ece_95": [low[0], high[0]],
        "brier": brier(judged.chances, judged.outcomes).score,
        "brier_95": [low[1], high[1]],
        "auroc": auroc(judged.chances, judged.outcomes),
    }


def _intervals(judged: Judged) -> tuple[list[float], list[float]]:
    """95 % intervals of ECE and Brier when prompts, not answers, are drawn anew: answers to one prompt are alike."""
    gaps, sizes = np.zeros((judged.prompts.max() + 1, BINS)), np.bincount(judged.prompts).astype(float)
    np.add.at(gaps, (judged.prompts, bin_of(judged.chances)), judged.chances - judged.outcomes)
    errors = np.bincount(judged.prompts, weights=(judged.chances - judged.outcomes) ** 2)
    draws = np.random.default_rng(0).multinomial(sizes.size, np.full(sizes.size, 1 / sizes.size), RESAMPLES)
    answers = draws @ sizes
    both = np.array([np.abs(draws @ gaps).sum(axis=1) / answers, draws @ errors / answers])
    low, high = np.quantile(both, [0.025, 0.975], axis=1)
    return low.tolist(), high.tolist()


def show(name: str, result: dict[str, Any]) -> None:
    """Print one set as a table."""
    print(
        f"\n{name}: {result['train_prompts']} prompts train, {result['answers']} answers to others are scored"
    )
    print(f"{'':28}{'Brier':>7}  {'95 %':^13}{'ECE':>7}  {'95 %':^13}{'AUROC':>7}")
    for way, told in result["ways"].items():
        spans = ("[{:.3f} {:.3f}]".format(*told[key]) for key in ("brier_95", "ece_95"))
        print("{:28}{:7.4f}  {}{:7.4f}  {}{:7.3f}".format(
            way, told["brier"], next(spans), told["ece"], next(spans), told["auroc"]
        ))  # fmt: skip
    print(
        f"below the constant {result['below_constant']:.1%}, below the base rate {result['below_base_rate']:.1%}"
    )
    for lower, upper, n, chance, outcome, low, high in result["bins"]:
        print(f"  {lower:.1f}-{upper:.1f} {n:7}  said {chance:.3f}  was {outcome:.3f} [{low:.3f} {high:.3f}]")


def main() -> None:
    """Measure every set that is there, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder of the recorded sets")
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    arguments = parser.parse_args()
    results: dict[str, dict[str, Any]] = {}
    for name in SETS:
        path = arguments.data / f"{name}.csv.gz"
        if not path.exists():
            print(f"{name}: {path} is not there")
            continue
        results[name] = measure(read_set(path))
        show(name, results[name])
    if arguments.json:
        print(json.dumps(results))


if __name__ == "__main__":
    main()
