"""How much harder or easier a prompt is than its area: one number for all models, learned from what they got right.

A Gaussian process over prompts (ridge regression, with its strengths chosen by marginal likelihood): its
observations are the outcomes left over after the record of (area, model), pooled over the models that answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.reliability.answers import PromptTraits
from routing.reliability.prompt_table import Table, table_of

Floats = NDArray[np.float64]

MOST_PROMPTS = 2_000  # the last ones; the work grows with the third power
FEWEST_PROMPTS = 20
PROMPTS_FOR_STRENGTH = 600  # the last ones choose the strengths, which takes far less of them
STRENGTHS = (
    0.0,
    0.1,
    0.3,
    1.0,
    3.0,
)  # variance of difficulty, in logits, that traits can tell; 0: they tell nothing
REMAINDERS = (0.2, 0.7, 2.0)  # variance that they cannot tell
LEAST_INFORMATION = 0.02


class Leftover(NamedTuple):
    """One answered prompt: the sums, over its answers, of outcome - chance and of chance x (1 - chance)."""

    prompt: PromptTraits
    surprise: float
    information: float


@dataclass(frozen=True)
class Difficulty:
    """Adds to the logit of a chance. `plain` has d weights, `grams` one for each bucket of the table."""

    table: Table
    plain: Floats
    grams: Floats

    def ease(self, prompt: PromptTraits) -> float:
        """Logits to add for this prompt: above 0 it is easier than its area. Unknown kinds of traits add 0."""
        facts = self.table.plain(prompt)
        buckets, values = self.table.grams(prompt)
        return float(values @ self.grams[buckets]) + (0.0 if facts is None else float(facts @ self.plain))


class Learned(NamedTuple):
    """The model, and for each of n leftovers what it says of its prompt without having seen it."""

    difficulty: Difficulty | None
    eases: Floats


def learn(leftovers: Sequence[Leftover]) -> Learned:
    """Learn from n prompts, each given once. Fewer than FEWEST_PROMPTS teach nothing; only the last MOST_PROMPTS do."""
    eases = np.zeros(len(leftovers))
    recent = leftovers[-MOST_PROMPTS:]
    if len(recent) < FEWEST_PROMPTS:
        return Learned(None, eases)
    table = table_of([one.prompt for one in recent])
    rows = table.rows([one.prompt for one in recent])
    information = np.maximum([one.information for one in recent], LEAST_INFORMATION)
    seen = np.array([one.surprise for one in recent]) / information
    products = (rows @ rows.T).astype(float)
    strength, rest = _strengths(products, seen, 1 / information)
    process = _process(products, seen, 1 / information + rest, strength=strength)
    weights = strength * (process.pull.astype(np.float32) @ rows).astype(float)
    found = Difficulty(table, weights[: table.mean.size], weights[table.mean.size :])
    eases[-len(recent) :] = process.without_own
    # What is too old to be learned from is a stranger to the model.
    for place, old in enumerate(leftovers[: -len(recent)]):
        eases[place] = found.ease(old.prompt)
    return Learned(found, eases)


class _Process(NamedTuple):
    evidence: float
    pull: Floats
    without_own: Floats


def _strengths(products: Floats, seen: Floats, noise: Floats) -> tuple[float, float]:
    """The variances, told and untold by traits, that make the last observations most likely."""
    last = slice(-PROMPTS_FOR_STRENGTH, None)
    products, seen, noise = products[last, last], seen[last], noise[last]
    pairs = [(strength, rest) for strength in STRENGTHS for rest in REMAINDERS]
    return max(pairs, key=lambda pair: _process(products, seen, noise + pair[1], strength=pair[0]).evidence)


def _process(products: Floats, seen: Floats, noise: Floats, *, strength: float) -> _Process:
    """Regression on n observations with n variances of noise; leave-one-out by the inverse's diagonal."""
    inverse = np.linalg.inv(strength * products + np.diag(noise))
    pull = inverse @ seen
    _, log_determinant = np.linalg.slogdet(inverse)
    evidence = float(log_determinant - seen @ pull) / 2
    return _Process(evidence, pull, seen - pull / np.diag(inverse))
