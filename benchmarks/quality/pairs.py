"""Two-model sets: how much of the strong model's lead a router keeps at how few calls to it, by routing.prompts.

One half of the rows teaches, the other is scored; a question lies in the same half in every set.
"""

import csv
import gzip
import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from routing.prompts.fitting import PromptRow, fit
from routing.prompts.traits import traits

Floats = NDArray[np.float64]

PAIR_SETS = ("routellm_mmlu", "routellm_gsm8k", "routellm_mtbench")
STEADYING_SETS = (
    "zeroeval",
    "llmrouter_9models",
)  # their teaching halves hold other models' scores on some questions
STRONG, WEAK = "gpt-4-1106", "mixtral-8x7b"
SCALES = {"routellm_mtbench": (1.0, 10.0)}  # lowest and highest score; elsewhere 0 and 1
RESAMPLES = 1_000
SEED = 20_240_618
# RouteLLM, arXiv 2406.18665 v4: APGR of its routers with extra labels, and its best CPT(50) and CPT(80).
# Its routers learned from arena votes, MMLU's besides from about 1,500 gold labels: for the other two sets that is
# other data than the set itself, while ours learns from the other half of the same set (in-distribution).
PUBLISHED: dict[str, dict[str, float]] = {
    "routellm_mmlu": {"bert": 0.572, "causal": 0.600, "matrix": 0.597, "similar": 0.603, "cpt50": 35.4, "cpt80": 70.3},
    "routellm_gsm8k": {"bert": 0.531, "causal": 0.622, "matrix": 0.565, "similar": 0.568, "cpt50": 33.6, "cpt80": 63.3},
    "routellm_mtbench": {"bert": 0.751, "causal": 0.679, "matrix": 0.802, "similar": 0.759, "cpt50": 13.4, "cpt80": 31.3},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a set; `scores` as they stand there."""

    prompt: str
    task: str
    scores: dict[str, float]

    @property
    def question(self) -> str:
        """The same for the same question in every set."""
        return "".join(self.prompt.lower().split())[:400]

    @property
    def teaches(self) -> bool:
        """Whether it belongs to the half that teaches."""
        return hashlib.sha256(f"score-half:{self.question}".encode()).digest()[0] % 2 == 0


@dataclass(frozen=True, slots=True)
class Measured:
    """A number with its 95 % interval over resampled prompts."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """What an order of the prompts is worth: APGR in 0..1, CPT in per cent of calls."""

    apgr: Measured
    cpt50: Measured
    cpt80: Measured


@dataclass(frozen=True, slots=True)
class PairResult:
    """One set: what the router reached with the area given (`task`) and withheld (`prompt`), and what is trivial."""

    taught: int
    scored: int
    prompt: Ranked
    task: Ranked
    length_only: Ranked
    random: Ranked
    published: dict[str, float]
    in_distribution: str

    @property
    def summary(self) -> dict[str, float]:
        """The headline numbers; CPT with the task given, and from the prompt alone."""
        return {
            "apgr_prompt": self.prompt.apgr.value,
            "apgr_task": self.task.apgr.value,
            "cpt50": self.task.cpt50.value,
            "cpt80": self.task.cpt80.value,
            "cpt50_prompt": self.prompt.cpt50.value,
            "cpt80_prompt": self.prompt.cpt80.value,
        }


def pair_sets(data: Path) -> dict[str, PairResult]:
    """Teach and score every pair set found in `data`; sets whose file is missing are told on stderr.

    Raises FileNotFoundError when there is none at all.
    """
    found = [name for name in PAIR_SETS if _present(data, name)]
    if not found:
        raise FileNotFoundError(f"no pair set in {data}: expected {', '.join(PAIR_SETS)} as .csv.gz")
    others: dict[str, dict[str, float]] = {}
    for name in STEADYING_SETS:
        for row in read(data, name) if _present(data, name) else ():
            if row.teaches:
                others.setdefault(row.question, {}).update(row.scores)
    return {name: pair_set(read(data, name), others=others, name=name) for name in found}


def pair_set(rows: Sequence[Row], *, others: dict[str, dict[str, float]], name: str) -> PairResult:
    """One set; `others` holds further models' scores by question, of teaching halves only."""
    low, high = SCALES.get(name, (0.0, 1.0))
    teaching, scored = ([row for row in rows if row.teaches is half] for half in (True, False))
    lessons = [
        PromptRow(
            traits(row.prompt),
            row.task,
            {**others.get(row.question, {}), **{m: (s - low) / (high - low) for m, s in row.scores.items()}},
        )
        for row in teaching
    ]
    model = fit(lessons)
    if model is None or not scored:
        raise ValueError(f"{name}: {len(teaching)} rows to teach and {len(scored)} to score are too few")
    gains = np.array([row.scores[STRONG] - row.scores[WEAK] for row in scored])
    read_again = [traits(row.prompt) for row in scored]
    wants = {
        "prompt": [model.gain(each, None, STRONG, WEAK) for each in read_again],
        "task": [model.gain(t, row.task, STRONG, WEAK) for t, row in zip(read_again, scored, strict=True)],
        "length_only": [float(len(row.prompt)) for row in scored],
    }
    return PairResult(
        taught=len(teaching),
        scored=len(scored),
        **{kind: ranked(np.array(want), gains) for kind, want in wants.items()},
        random=shuffled(gains),
        published=PUBLISHED.get(name, {}),
        in_distribution="taught by the other half of the same set",
    )


def ranked(want: Floats, gains: Floats) -> Ranked:
    """Measure the order by falling `want`; ties are broken at random, once."""
    ties = np.random.default_rng(SEED).random(len(want))
    order = np.lexsort((ties, -want))
    best_first = gains[order]
    draw = np.random.default_rng(SEED)
    samples = [best_first[np.sort(draw.integers(0, len(order), len(order)))] for _ in range(RESAMPLES)]
    spreads = [_spread([measure(sample) for sample in samples]) for measure in MEASURES]
    values = [measure(best_first) for measure in MEASURES]
    return Ranked(
        *(Measured(value, each.low, each.high) for value, each in zip(values, spreads, strict=True))
    )


def shuffled(gains: Floats) -> Ranked:
    """What no knowledge is worth: the mean of many random orders, and where 95 % of them lie."""
    draw = np.random.default_rng(SEED)
    samples = [gains[draw.permutation(len(gains))] for _ in range(RESAMPLES)]
    return Ranked(*(_spread([measure(sample) for sample in samples]) for measure in MEASURES))


def recovered(gains: Floats) -> Floats:
    """The share of the lead won back after 0, 1, ... calls to the strong model, in the order given."""
    share: Floats = np.append(0.0, np.cumsum(gains)) / gains.sum()
    return share


def apgr(gains: Floats) -> float:
    """The area under the recovered share, by trapezoids; NaN where the strong model has no lead."""
    if gains.sum() <= 0:
        return float("nan")
    share = recovered(gains)
    return float((share[1:] + share[:-1]).mean() / 2)


def cpt(gains: Floats, share: float) -> float:
    """Per cent of calls to the strong model until `share` of its lead is won back; NaN where it has none."""
    if gains.sum() <= 0:
        return float("nan")
    return float(100 * np.argmax(recovered(gains) >= share - 1e-12) / len(gains))


def _spread(values: Sequence[float]) -> Measured:
    """Mean and 95 % interval; NaN where no value is a number."""
    known = [value for value in values if not np.isnan(value)] or [float("nan")]
    low, high = np.percentile(known, [2.5, 97.5])
    return Measured(float(np.mean(known)), float(low), float(high))


# In the order of Ranked's fields.
MEASURES: tuple[Callable[[Floats], float], ...] = (
    apgr,
    lambda gains: cpt(gains, 0.5),
    lambda gains: cpt(gains, 0.8),
)


def _path(data: Path, name: str) -> Path:
    return data / f"{name}.csv.gz"


def _present(data: Path, name: str) -> bool:
    present = _path(data, name).is_file()
    if not present:
        print(f"{_path(data, name)} is missing: {name} is left out", file=sys.stderr)
    return present


def read(data: Path, name: str) -> list[Row]:
    """The rows of a set: columns `prompt`, `task`, then a score per model; lengths of answers are skipped."""
    csv.field_size_limit(1 << 24)
    with gzip.open(_path(data, name), "rt", encoding="utf-8", newline="") as lines:
        return [_row(line) for line in csv.DictReader(lines)]


def _row(line: dict[str, str]) -> Row:
    scores = {
        model: float(score)
        for model, score in line.items()
        if model not in {"prompt", "task"} and not model.startswith("len:") and score not in {"", None}
    }
    return Row(line["prompt"], line["task"], scores)
