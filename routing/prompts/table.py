"""Many prompts as one matrix that is never written out: hashed grams by their places, plain numbers as smooth waves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.prompts.grams import Buckets
from routing.prompts.traits import Traits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Weights = NDArray[np.float32]

BUCKETS = 1 << 15  # of each sort of grams; the hashes kept are finer
GRAM_WEIGHT = 0.5  # of words and pairs together, and of parts, in the likeness of two prompts
WAVES = 512  # random Fourier features: their products approach a Gaussian likeness of the plain numbers
WAVE_WEIGHT = 0.5
ALIKE = 1e-9  # a spread below is rounding: the number is the same in all prompts
FARTHEST = 4.0  # standard deviations at which a plain number is cut


class Places(NamedTuple):
    """Where a prompt's grams stand in a table of weights, and what each of them counts."""

    columns: Ints
    values: Floats


def places(hashes: tuple[Buckets, Buckets, Buckets]) -> Places:
    """Words, pairs and parts side by side, scaled so that every prompt is equally long."""
    words, pairs, parts = (each.astype(np.int64) % BUCKETS for each in hashes)
    told, formed = max(len(words) + len(pairs), 1), max(len(parts), 1)
    columns = np.concatenate([words, pairs + BUCKETS, parts + 2 * BUCKETS])
    values = np.full(len(columns), (GRAM_WEIGHT / told) ** 0.5)
    values[len(words) + len(pairs) :] = (GRAM_WEIGHT / formed) ** 0.5
    return Places(columns, values)


@dataclass(frozen=True, slots=True)
class Waves:
    """How plain numbers become smooth features: standardised by `mean` and `scale`, then cosines of `turns`."""

    mean: Floats
    scale: Floats
    turns: Floats
    shifts: Floats

    @classmethod
    def of(cls, numbers: Floats) -> "Waves":
        """Fitted to the plain numbers of many prompts, one row each; the directions are always the same."""
        draw = np.random.default_rng(20_240_618)
        width = numbers.shape[1]
        turns = draw.standard_normal((width, WAVES)) / width**0.5
        spread = numbers.std(axis=0)
        scale = np.where(spread > ALIKE, spread, 1.0)
        return cls(numbers.mean(axis=0), scale, turns, draw.uniform(0.0, 2 * np.pi, WAVES))

    def __call__(self, numbers: Floats) -> Floats:
        """Features of one prompt or of many, in rows."""
        near = np.clip((numbers - self.mean) / self.scale, -FARTHEST, FARTHEST)
        waves: Floats = np.cos(near @ self.turns + self.shifts) * (2 * WAVE_WEIGHT / WAVES) ** 0.5
        return waves


@dataclass(frozen=True, slots=True)
class Table:
    """A matrix with one row per prompt: `columns` and `values` of its grams from `starts` on, and its `waves`."""

    columns: Ints
    values: Floats
    starts: Ints
    waves: Floats

    @classmethod
    def of(cls, prompts: Sequence[Traits], waves: Waves) -> "Table":
        """At least one prompt; each has at least one gram, for an empty one stands a place nobody else uses."""
        found = [places(each.hashes) for each in prompts]
        found = [each if len(each.columns) else NOTHING for each in found]
        sizes = [len(each.columns) for each in found]
        return cls(
            np.concatenate([each.columns for each in found]),
            np.concatenate([each.values for each in found]),
            np.cumsum([0, *sizes[:-1]]),
            waves(np.array([each.numbers for each in prompts], dtype=np.float64)),
        )

    def times(self, weights: Floats) -> Floats:
        """The matrix times `weights`, one number per prompt."""
        grams = np.add.reduceat(weights[self.columns] * self.values, self.starts)
        product: Floats = grams + self.waves @ weights[WIDTH - WAVES :]
        return product

    def back(self, rows: Floats) -> Floats:
        """The transposed matrix times one number per prompt."""
        sizes = np.diff(self.starts, append=len(self.columns))
        grams = np.bincount(self.columns, np.repeat(rows, sizes) * self.values, WIDTH - WAVES)
        return np.concatenate([grams, rows @ self.waves])

    def only(self, rows: Ints) -> "Table":
        """The matrix with these rows alone."""
        sizes = np.diff(self.starts, append=len(self.columns))[rows]
        starts = np.cumsum(sizes) - sizes
        taken = np.repeat(self.starts[rows] - starts, sizes) + np.arange(sizes.sum())
        return Table(self.columns[taken], self.values[taken], starts, self.waves[rows])


WIDTH = 3 * BUCKETS + 1 + WAVES
NOTHING = Places(np.array([3 * BUCKETS]), np.array([0.0]))
