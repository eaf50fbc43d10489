"""P(success) of one answer: the record of (area, model), moved by its prompt, its length and its verifiers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from routing.reliability.answer_length import UsualLengths, usual_lengths
from routing.reliability.answers import Answer, PromptTraits
from routing.reliability.difficulty import Difficulty, Leftover, learn
from routing.reliability.logistic import expit, fitted, logit

Floats = NDArray[np.float64]

LONG = 1.0  # standard deviations of log length from which a length counts as unusual
# Coefficients before any outcome: none, the posterior as it is, the prompt's ease as it is, nothing from lengths.
START = (0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0)
# What is known is held to +- 1/4, what is to be found out to +- 1/2.
RIDGE = (16.0, 16.0, 16.0, 4.0, 4.0, 4.0, 4.0)
RIDGE_SIGNAL = 4.0
UNKNOWN = 0.5
STRONGEST_SIGNAL = 10.0


@dataclass(frozen=True)
class SuccessModel:
    """A logistic over logit(posterior), the prompt's ease, the answer's length and the verifiers' signals.

    The default leaves every posterior as it is. `coefficients` are in the order of START, then one per signal.
    """

    coefficients: tuple[float, ...] = START
    lengths: UsualLengths = field(default_factory=UsualLengths)
    difficulty: Difficulty | None = None

    def chance(self, answer: Answer) -> float:
        """P(success), strictly within 0..1. What is unknown or no number moves nothing; this never raises."""
        ease = self.difficulty.ease(answer.prompt) if self.difficulty and answer.prompt else 0.0
        row = _row(answer, ease=ease, z=self.lengths.z(answer), signals=len(self.coefficients) - len(START))
        logits = float(row @ np.array(self.coefficients))
        return float(expit(np.array(logits if isfinite(logits) else 0.0)))


UNTAUGHT = SuccessModel()


def fit(answers: Sequence[Answer], rewards: Sequence[float]) -> SuccessModel:
    """Learn from n answers and n rewards of 0..1 (fractions allowed); the same for the same rows in the same order.

    Rewards that are no number are left out with their answers. The last answers count for prompts, if they are
    very many. Raises ValueError if there is not one reward for each answer.
    """
    pairs = [pair for pair in zip(answers, rewards, strict=True) if isfinite(pair[1])]
    if not pairs:
        return UNTAUGHT
    kept = [answer for answer, _ in pairs]
    outcomes = np.clip([reward for _, reward in pairs], 0.0, 1.0)
    difficulty, eases = _eases(kept, outcomes)
    lengths = usual_lengths(kept)
    signals = max(len(answer.signals) for answer in kept)
    rows = np.array(
        [
            _row(each, ease=ease, z=lengths.z(each), signals=signals)
            for each, ease in zip(kept, eases, strict=True)
        ]
    )
    start = np.array((*START, *[0.0] * signals))
    ridge = np.array((*RIDGE, *[RIDGE_SIGNAL] * signals))
    found = fitted(rows, outcomes, start=start, ridge=ridge)
    return SuccessModel(tuple(found.tolist()), lengths, difficulty)


def _eases(answers: Sequence[Answer], outcomes: Floats) -> tuple[Difficulty | None, Floats]:
    """The difficulty model, and for each answer the ease of its prompt as told by the other prompts."""
    chances = expit(logit(np.array([_posterior(answer) for answer in answers])))
    leftovers: dict[tuple[bytes, ...], Leftover] = {}
    for answer, chance, outcome in zip(answers, chances.tolist(), outcomes.tolist(), strict=True):
        if answer.prompt is not None:
            key = _key(answer.prompt)
            sums = leftovers.pop(key, Leftover(answer.prompt, 0.0, 0.0))
            leftovers[key] = Leftover(
                sums.prompt, sums.surprise + outcome - chance, sums.information + chance * (1 - chance)
            )
    difficulty, eases = learn(list(leftovers.values()))
    by_prompt = dict(zip(leftovers, eases.tolist(), strict=True))
    return difficulty, np.array([by_prompt[_key(a.prompt)] if a.prompt is not None else 0.0 for a in answers])


def _key(prompt: PromptTraits) -> tuple[bytes, ...]:
    """Equal for equal traits: an answer to the same prompt must not help to judge another one to it."""
    return np.asarray(prompt.numbers).tobytes(), *(np.asarray(hashes).tobytes() for hashes in prompt.hashes)


def _row(answer: Answer, *, ease: float, z: float, signals: int) -> Floats:
    """The numbers that the coefficients belong to; missing signals are 0 and surplus ones are not looked at."""
    told = [
        min(max(value, -STRONGEST_SIGNAL), STRONGEST_SIGNAL) if isfinite(value) else 0.0
        for value in answer.signals[:signals]
    ]
    record = float(logit(np.array(_posterior(answer))))
    lengths = z, abs(z), max(z - LONG, 0.0), max(-z - LONG, 0.0)
    return np.array((1.0, record, ease, *lengths, *told, *[0.0] * (signals - len(told))))


def _posterior(answer: Answer) -> float:
    return answer.posterior if isfinite(answer.posterior) else UNKNOWN
