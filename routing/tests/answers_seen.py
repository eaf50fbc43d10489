"""Answers made up for tests of reliability: models of known skill on prompts of known difficulty."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.reliability.answers import Answer
from routing.reliability.logistic import expit


@dataclass(frozen=True)
class Prompt:
    """The traits of a prompt that was never written."""

    numbers: NDArray[np.float32]
    hashes: tuple[NDArray[np.uint16], ...]


@dataclass(frozen=True)
class Seen:
    """Answers, their rewards and the chances they really had."""

    answers: list[Answer]
    rewards: list[float]
    truth: list[float]


def prompt(hardness: float, rng: np.random.Generator) -> Prompt:
    """A prompt whose first number and one of whose words tell its hardness."""
    word = 1 if hardness > 0 else 2
    words = np.unique(np.array([word, *rng.integers(10, 60_000, 8)], dtype=np.uint16))
    return Prompt(np.array([hardness, rng.normal()], dtype=np.float32), (words, words[:3]))


def seen(number: int, *, seed: int, skills: tuple[float, ...] = (0.5, 0.8)) -> Seen:
    """So many answers of models of these skills, in two areas; hard prompts and long answers fail more often."""
    rng = np.random.default_rng(seed)
    found = Seen([], [], [])
    for _ in range(number):
        model = int(rng.integers(len(skills)))
        hardness, length = float(rng.normal()), float(rng.lognormal(5, 0.5))
        logits = np.log(skills[model] / (1 - skills[model])) - hardness - 2.0 * (np.log(length) - 5)
        chance = float(expit(np.array(logits)))
        found.answers.append(
            Answer(
                area=f"area {rng.integers(2)}",
                model=f"model {model}",
                posterior=skills[model],
                prompt=prompt(hardness, rng),
                length=length,
            )
        )
        found.rewards.append(float(rng.random() < chance))
        found.truth.append(chance)
    return found
