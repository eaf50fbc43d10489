"""A prompt model learned from outcomes: any models on any prompts, each borrowing from all the others."""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import NamedTuple

import numpy as np

from routing.prompts.areas import WordCounts
from routing.prompts.cells import cells_of, rates_of
from routing.prompts.companions import steadied
from routing.prompts.content import content_weights
from routing.prompts.model import PromptModel
from routing.prompts.shares import shares
from routing.prompts.table import Table, Waves
from routing.prompts.traits import Traits

MOST_AREAS = 256  # each costs a column of word counts
MOST_ROWS = 20_000  # the last of longer logs


class PromptRow(NamedTuple):
    """One prompt that was answered: the score in 0..1 of every model that did; `area` may be unknown."""

    traits: Traits
    area: str | None
    scores: Mapping[str, float]


def fit(rows: Iterable[PromptRow]) -> PromptModel | None:
    """Learn from the rows, the latest last; None if no row holds a score.

    Scores that are no numbers are left out, others are cut to 0..1. The same rows in the same order give the same
    model. Models with the same rows are compared pair by pair, since the fit is linear in the scores.
    """
    kept = [(row, known) for row in rows if (known := _numbers(row.scores))][-MOST_ROWS:]
    if not kept:
        return None
    models = sorted({model for _, known in kept for model in known})
    areas = _commonest(row.area for row, _ in kept if row.area)
    scores = np.array([[known.get(model, np.nan) for model in models] for _, known in kept])
    prompts = [row.traits for row, _ in kept]
    number = {area: place for place, area in enumerate(areas)}
    place = np.array([number.get(row.area or "", -1) for row, _ in kept])
    waves = Waves.of(np.array([each.numbers for each in prompts], dtype=np.float64))
    rates = rates_of(scores)
    table, above = Table.of(prompts, waves), steadied(scores) - rates[:-1]
    named = np.flatnonzero(place >= 0)
    words = [prompts[number].hashes[0] for number in named]
    area_share, prompt_share = shares(table, scores, place, number=len(areas))
    return PromptModel(
        models=tuple(models),
        areas=tuple(areas),
        rates=rates,
        cells=cells_of(scores, place, rates, number=len(areas)),
        weights=content_weights(table, above).astype(np.float32),
        waves=waves,
        counts=WordCounts.of(words, place[named], number=len(areas)),
        area_share=area_share,
        prompt_share=prompt_share,
    )


def _commonest(areas: Iterable[str]) -> list[str]:
    """The areas seen most, in the order of their names; the rows of others teach as if theirs were unknown."""
    seen = Counter(areas)
    return sorted(sorted(seen, key=lambda area: (-seen[area], area))[:MOST_AREAS])


def _numbers(scores: Mapping[str, float]) -> dict[str, float]:
    return {model: min(max(float(score), 0.0), 1.0) for model, score in scores.items() if isfinite(score)}
