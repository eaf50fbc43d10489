"""Which area a prompt is of, told by its words: naive Bayes, made modest because words do not come alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from routing.prompts.grams import Buckets
from routing.prompts.table import BUCKETS, Floats, Ints

SMOOTHING = 300.0  # words of the common stock that every area starts from
MODESTY = 0.1  # of the evidence of each word: words repeat one another


@dataclass(frozen=True, slots=True)
class WordCounts:
    """In how many prompts of an area (by its number) a word (by its bucket) occurred; `prompts` counts them."""

    prompts: Ints
    area: Ints
    bucket: Ints
    count: Ints

    @classmethod
    def of(cls, words: Sequence[Buckets], areas: Ints, *, number: int) -> "WordCounts":
        """Counted over prompts, given their distinct words and the numbers of their areas."""
        sizes = [len(each) for each in words]
        told = np.concatenate([np.zeros(0, np.uint16), *words]).astype(np.int64) % BUCKETS
        keys = np.repeat(areas, sizes) * BUCKETS + told
        found, counts = np.unique(keys, return_counts=True)
        return cls(np.bincount(areas, minlength=number), found // BUCKETS, found % BUCKETS, counts)


class AreaGuess:
    """P(area | words of the prompt), for the areas of `counts`."""

    def __init__(self, counts: WordCounts) -> None:
        number = len(counts.prompts)
        table = np.zeros((BUCKETS, number))
        table[counts.bucket, counts.area] = counts.count
        stock = table.sum(axis=1, keepdims=True) + 0.5
        stock /= stock.sum()
        self._evidence = np.log((table + SMOOTHING * stock) / (table.sum(axis=0) + SMOOTHING) / stock).astype(
            np.float32
        )
        self._prior = np.log(np.maximum(counts.prompts, 0.5) / max(counts.prompts.sum(), 1))

    def __call__(self, words: Buckets, among: Sequence[int] = ()) -> Floats:
        """One probability per area, zero for those not `among` the possible; all are possible if none is named."""
        told = self._prior + MODESTY * self._evidence[words % BUCKETS].sum(axis=0, dtype=np.float64)
        if among:
            possible = np.full(len(told), -np.inf)
            possible[list(among)] = told[list(among)]
            told = possible
        odds = np.exp(told - told.max())
        share: Floats = odds / odds.sum()
        return share
