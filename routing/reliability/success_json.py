"""A success model as JSON and back, bit for bit: numbers as they are, long arrays as base64 of their bytes."""

import json
from base64 import b64decode, b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.reliability.answer_length import Lengths, UsualLengths
from routing.reliability.difficulty import Difficulty
from routing.reliability.prompt_table import GRAM_BUCKETS, Table
from routing.reliability.success import START, SuccessModel

Floats = NDArray[np.float64]

FORM = 1  # a model written in another form is not read


def written(model: SuccessModel) -> str:
    """One JSON object; `read` makes an equal model of it."""
    cells = [[*place, *lengths] for place, lengths in sorted(model.lengths.cells.items())]
    areas = [[area, *lengths] for area, lengths in sorted(model.lengths.areas.items())]
    difficulty = model.difficulty and {
        "mean": _bytes(model.difficulty.table.mean),
        "deviation": _bytes(model.difficulty.table.deviation),
        "rarity": _bytes(model.difficulty.table.rarity),
        "plain": _bytes(model.difficulty.plain),
        "grams": _bytes(model.difficulty.grams),
    }
    return json.dumps(
        {
            "form": FORM,
            "coefficients": model.coefficients,
            "cells": cells,
            "areas": areas,
            "difficulty": difficulty,
        }
    )


def read(text: str) -> SuccessModel:
    """Make the model that was written. Raises ValueError for anything else, also for a model of another form."""
    try:
        found = json.loads(text)
        if found["form"] != FORM:
            raise ValueError(f"a model of form {found['form']} was written by another version")
        cells = {(area, name): Lengths(*map(float, sums)) for area, name, *sums in found["cells"]}
        areas = {area: Lengths(*map(float, sums)) for area, *sums in found["areas"]}
        difficulty = found["difficulty"] and _difficulty(found["difficulty"])
        coefficients = tuple(map(float, found["coefficients"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("this is no success model") from error
    if len(coefficients) < len(START) or not np.isfinite(coefficients).all():
        raise ValueError("a success model has a finite coefficient for each of its inputs")
    return SuccessModel(coefficients, UsualLengths(cells, areas), difficulty)


def _difficulty(found: dict[str, Any]) -> Difficulty:
    mean, deviation, rarity, plain, grams = (
        _array(found[name]) for name in ("mean", "deviation", "rarity", "plain", "grams")
    )
    if not (mean.size == deviation.size == plain.size and rarity.size == grams.size == GRAM_BUCKETS):
        raise ValueError("the parts of this difficulty model do not fit together")
    return Difficulty(Table(mean, deviation, rarity), plain, grams)


def _bytes(values: Floats) -> str:
    return b64encode(values.astype("<f8").tobytes()).decode()


def _array(text: str) -> Floats:
    return np.frombuffer(b64decode(text, validate=True), dtype="<f8").astype(np.float64)
