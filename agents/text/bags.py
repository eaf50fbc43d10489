"""Texts as unit vectors: by meaning, or by the words they share where no embeddings are at hand."""

import math
import zlib
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from agents.contract import Embed, ModelUnavailable
from agents.text.words import content_words, stem

DIMENSIONS = 384
BY_WORDS = "by words alone: embeddings are not available"


class Compared(NamedTuple):
    """A unit vector for each text; `by_words`: their cosine is the share of common word stems, not likeness of meaning."""

    vectors: list[list[float]]
    by_words: bool


def compared(texts: Sequence[str], embed: Embed | None) -> Compared:
    """Return what texts can be compared by; `embed` is None where nobody embeds."""
    with suppress(ModelUnavailable):
        if embed:
            return Compared(embed(texts), by_words=False)
    return Compared([bag(text) for text in texts], by_words=True)


def bag(text: str) -> list[float]:
    """Return a unit vector whose cosine with another is the share of common word stems."""
    values = [0.0] * DIMENSIONS
    for word in content_words(text):
        values[zlib.crc32(stem(word).encode()) % DIMENSIONS] += 1.0
    norm = math.sqrt(sum(value * value for value in values))
    return [value / norm for value in values] if norm else [1.0, *values[1:]]
