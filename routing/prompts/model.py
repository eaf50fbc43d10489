"""How likely each model is to succeed at a prompt: the record of its area, and what the prompt itself tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from routing.prompts.areas import AreaGuess, WordCounts
from routing.prompts.table import WAVES, WIDTH, Floats, Waves, Weights, places
from routing.prompts.traits import Traits

NAMED_SHARE = 0.9  # of the area that is named; the rest lies on those that share the words of the prompt
CERTAIN = 0.995  # nothing is told more surely than this


@dataclass(frozen=True)
class PromptModel:
    """Arrays learned by `fitting.fit`; the last row of `rates`, `cells` and `weights` stands for models unknown.

    `rates` (models + 1) are success rates; `cells` (areas, models + 1) those within an area; `weights`
    (models + 1, WIDTH) say how the prompt moves them; `area_share` and `prompt_share` how far each is believed.
    """

    models: tuple[str, ...]
    areas: tuple[str, ...]
    rates: Floats
    cells: Floats
    weights: Weights
    waves: Waves
    counts: WordCounts
    area_share: float
    prompt_share: float

    def predict(self, traits: Traits, area: str | None, model: str) -> float:
        """P(success) of `model`, within 0.005..0.995. Never raises.

        `area` None, or one nothing is known of: the area is guessed from the prompt's words; a kind of task
        ("reason"): among its topics ("reason/algebra"). An unknown model is taken for an average one.
        """
        told = float(self.expected(traits, area, (model,))[0])
        return min(max(told, 1 - CERTAIN), CERTAIN)

    def gain(self, traits: Traits, area: str | None, strong: str, weak: str) -> float:
        """How much likelier `strong` is to succeed than `weak`: the larger, the more it is wanted. Never raises."""
        first, second = self.expected(traits, area, (strong, weak))
        return float(first - second)

    def usual(self, area: str | None, model: str) -> float:
        """P(success) of `model` in an area whatever the prompt, within 0.005..0.995. Never raises."""
        return min(max(float(self._usual(area, (model,))[0]), 1 - CERTAIN), CERTAIN)

    def shifts(self, traits: Traits, area: str | None, models: Sequence[str]) -> dict[str, float]:
        """How much the prompt itself moves the success of each of `models`, -1 to 1; 0 for a model unknown."""
        moved = np.clip(self.expected(traits, area, models) - self._usual(area, models), -1.0, 1.0).tolist()
        return {
            model: shift if model in self._row else 0.0 for model, shift in zip(models, moved, strict=True)
        }

    def _usual(self, area: str | None, models: Sequence[str]) -> Floats:
        rows = np.array([self._row.get(model, len(self.models)) for model in models])
        rates = self.rates[rows]
        within = self.cells[self.areas.index(area), rows] if area in self.areas else rates
        usual: Floats = rates + self.area_share * (within - rates)
        return usual

    def expected(self, traits: Traits, area: str | None, models: Sequence[str]) -> Floats:
        """The success to expect of each of `models`; not cut to 0..1, so that an order by it has no false ties."""
        rows = np.array([self._row.get(model, len(self.models)) for model in models])
        rates = self.rates[rows]
        within = self._areas_of(traits, area) @ self.cells[:, rows] if self.areas else rates
        grams = places(traits.hashes)
        moved = self.weights[np.ix_(rows, grams.columns)] @ grams.values
        moved = moved + self.weights[rows, WIDTH - WAVES :] @ self.waves(traits.numbers.astype(np.float64))
        expected: Floats = rates + self.area_share * (within - rates) + self.prompt_share * moved
        return expected

    def _areas_of(self, traits: Traits, area: str | None) -> Floats:
        """How much each known area counts for this prompt."""
        words = traits.hashes[0]
        if area in self.areas:
            share = (1 - NAMED_SHARE) * self._guess(words)
            share[self.areas.index(area)] += NAMED_SHARE
            return share
        topics = f"{area}/"
        return self._guess(words, [place for place, name in enumerate(self.areas) if name.startswith(topics)])

    @cached_property
    def _guess(self) -> AreaGuess:
        return AreaGuess(self.counts)

    @cached_property
    def _row(self) -> dict[str, int]:
        return {model: place for place, model in enumerate(self.models)}
