"""Vectors and words as texts have them, the same at every run."""

import numpy as np
from numpy.typing import NDArray

from agents.models.memory_vector import DIMENSIONS

FIELDS, TOPICS, TOPICS_OF_A_TENANT = 40, 400, 24
DIRECTIONS = 48
# Two texts on one topic then have a cosine of about 0.6, two of one field 0.4, others about 0, as MiniLM gives them.
OF_A_FIELD, SPREAD, NOISE = 0.8, 0.75, 0.3
WORDS, COMMON = 8_000, 20  # as words are spread in prose (Zipf and Mandelbrot), without those of grammar
SYLLABLES = ("ba", "co", "di", "fe", "gu", "ha", "li", "mo", "ne", "ra", "so", "ti", "vu", "wy", "ze", "po")

Vectors = NDArray[np.float32]


class Topics:
    """Unit vectors as texts have them, the same at every run: topics lie near others of their field, and what tells
    two texts on one topic apart varies in few directions beside a little noise in all.
    """

    def __init__(self) -> None:
        self._draw = np.random.default_rng(11)
        fields = unit(self._normal(FIELDS, DIMENSIONS))
        near = fields[np.arange(TOPICS) % FIELDS]
        self._centres = unit(near + OF_A_FIELD * unit(self._normal(TOPICS, DIMENSIONS)))
        shares = 1 / (np.arange(WORDS) + COMMON)
        self._shares = shares / shares.sum()
        self._directions = unit(self._normal(DIRECTIONS, DIMENSIONS))

    def of_a_tenant(self) -> list[int]:
        """Return the topics one tenant works on."""
        return [int(topic) for topic in self._draw.choice(TOPICS, TOPICS_OF_A_TENANT, replace=False)]

    def texts(self, topics: list[int], count: int) -> Vectors:
        """Return the vectors of `count` texts on these topics, the first ones the most common."""
        weights = 1 / np.arange(1, len(topics) + 1)
        chosen = self._draw.choice(topics, count, p=weights / weights.sum())
        meant = unit(self._normal(count, DIRECTIONS) @ self._directions)
        noise = unit(self._normal(count, DIMENSIONS))
        return unit(self._centres[chosen] + SPREAD * meant + NOISE * noise)

    def words(self, count: int) -> list[str]:
        """Return so many words, of which few are common and most are rare; the commonest stands in a third of texts."""
        return [_word(int(rank)) for rank in self._draw.choice(WORDS, count, p=self._shares)]

    def _normal(self, rows: int, columns: int) -> Vectors:
        return self._draw.standard_normal((rows, columns)).astype(np.float32)


def _word(number: int) -> str:
    """Three or four syllables that belong to this number alone."""
    parts = []
    for _ in range(4):
        number, part = divmod(number, len(SYLLABLES))
        parts.append(SYLLABLES[part])
    return "".join(parts)


def unit(vectors: Vectors) -> Vectors:
    """Return the rows with length 1."""
    found: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found
