"""Prompts as rows of numbers in which near prompts have a large product: plain facts beside rare words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.reliability.answers import PromptTraits

Floats = NDArray[np.float64]

GRAM_BUCKETS = 1 << 14
APART = 0x5A5A  # keeps a word and a pair of words with one hash in different buckets
FARTHEST = 4.0  # standard deviations beyond which a plain fact says no more
PLAIN_SHARE = 0.5  # of the product of two prompts that comes from plain facts, beside 1 from grams
LEAST_DEVIATION = 1e-9


@dataclass(frozen=True)
class Table:
    """How traits become a row of d plain facts and GRAM_BUCKETS grams; learned from the prompts it was made of.

    `mean` and `deviation` have d values, `rarity` one for each bucket.
    """

    mean: Floats
    deviation: Floats
    rarity: Floats

    def plain(self, prompt: PromptTraits) -> Floats | None:
        """The d plain facts, standardised and scaled; None if the prompt has others than the table knows."""
        facts = np.asarray(prompt.numbers, dtype=float)
        if facts.shape != self.mean.shape:
            return None
        far = np.nan_to_num((facts - self.mean) / self.deviation, posinf=FARTHEST, neginf=-FARTHEST)
        return np.asarray(np.clip(far, -FARTHEST, FARTHEST) * np.sqrt(PLAIN_SHARE / max(facts.size, 1)))

    def grams(self, prompt: PromptTraits) -> tuple[NDArray[np.intp], Floats]:
        """The buckets of the prompt, each once, and their values."""
        buckets = buckets_of(prompt)
        return buckets, self.rarity[buckets] / np.sqrt(max(buckets.size, 1))

    def rows(self, prompts: Sequence[PromptTraits]) -> NDArray[np.float32]:
        """A table of n x (d + GRAM_BUCKETS); a prompt with other plain facts has zeros in their place."""
        known = self.mean.size
        table = np.zeros((len(prompts), known + GRAM_BUCKETS), dtype=np.float32)
        for row, prompt in zip(table, prompts, strict=True):
            facts = self.plain(prompt)
            row[:known] = 0.0 if facts is None else facts
            buckets, values = self.grams(prompt)
            row[known + buckets] = values
        return table


def table_of(prompts: Sequence[PromptTraits]) -> Table:
    """Learn means, deviations and rarities from n >= 1 prompts; those with as many facts as the first count."""
    width = len(prompts[0].numbers)
    facts = np.nan_to_num(np.array([p.numbers for p in prompts if len(p.numbers) == width], dtype=float))
    seen = np.zeros(GRAM_BUCKETS)
    for prompt in prompts:
        seen[buckets_of(prompt)] += 1
    # A fact that never varied says nothing when it does: it is given no weight rather than all.
    deviation = np.where((spread := facts.std(axis=0)) > LEAST_DEVIATION, spread, np.inf)
    return Table(facts.mean(axis=0), deviation, np.log((1 + len(prompts)) / (1 + seen)) / 2)


def buckets_of(prompt: PromptTraits) -> NDArray[np.intp]:
    """The buckets of a prompt's hashes, ascending, each once; every sort of hash is mixed in another order."""
    mixed = [
        np.asarray(hashes, dtype=np.intp) ^ (sort * APART)
        for sort, hashes in enumerate(prompt.hashes)
        if len(hashes)
    ]
    return np.unique(np.concatenate(mixed) % GRAM_BUCKETS) if mixed else np.zeros(0, dtype=np.intp)
