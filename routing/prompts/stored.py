"""A prompt model as bytes and back: a line of JSON that names every array, then the arrays."""

import json

import numpy as np

from routing.prompts.areas import WordCounts
from routing.prompts.model import PromptModel
from routing.prompts.table import WIDTH, Waves

VERSION = 1
WAVE_ARRAYS = ("mean", "scale", "turns", "shifts")
COUNT_ARRAYS = ("prompts", "area", "bucket", "count")
OWN_ARRAYS = ("rates", "cells", "weights")


class PromptModelError(ValueError):
    """These bytes are no prompt model of this version: fit it anew from the stored decisions."""


def to_bytes(model: PromptModel) -> bytes:
    """The same bytes for equal models; about 0.4 MB for each language model."""
    holders = ((model, OWN_ARRAYS), (model.waves, WAVE_ARRAYS), (model.counts, COUNT_ARRAYS))
    arrays = {
        name: np.ascontiguousarray(getattr(holder, name)) for holder, names in holders for name in names
    }
    head = {
        "version": VERSION,
        "width": WIDTH,
        "models": model.models,
        "areas": model.areas,
        "area_share": model.area_share,
        "prompt_share": model.prompt_share,
        "arrays": [(name, array.dtype.str, array.shape) for name, array in arrays.items()],
    }
    return json.dumps(head).encode() + b"\n" + b"".join(array.tobytes() for array in arrays.values())


def from_bytes(stored: bytes) -> PromptModel:
    """The model that `to_bytes` wrote; raises PromptModelError for anything else."""
    line, _, body = stored.partition(b"\n")
    try:
        head = json.loads(line)
        if (head["version"], head["width"]) != (VERSION, WIDTH):
            raise PromptModelError(f"version {head['version']}, width {head['width']}")
        arrays, start = {}, 0
        for name, kind, shape in head["arrays"]:
            size = int(np.prod(shape)) * np.dtype(kind).itemsize
            arrays[name] = np.frombuffer(body[start : start + size], kind).reshape(shape)
            start += size
        return PromptModel(
            models=tuple(head["models"]),
            areas=tuple(head["areas"]),
            waves=Waves(*(arrays[name] for name in WAVE_ARRAYS)),
            counts=WordCounts(*(arrays[name] for name in COUNT_ARRAYS)),
            area_share=head["area_share"],
            prompt_share=head["prompt_share"],
            **{name: arrays[name] for name in OWN_ARRAYS},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise PromptModelError(str(error)) from error
