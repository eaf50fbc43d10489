"""Memories for tests: remembered, recalled, and embedded by models whose vectors are plain to see."""

import math
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.conf import settings

from agents import memory
from agents.memory.embedding import embedded_if_possible, model_in_use
from agents.text.words import content_words
from miosa.testing.flows import providers
from miosa.testing.wire_server import WireServer
from routing.embeddings import MODEL

WIDE = "wide-768"
ODD = "odd-100"
DIMENSIONS = {MODEL: 384, WIDE: 768, ODD: 100}


def answered(body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer as an embeddings server with three models: bags of words, as wide as each model's vectors."""
    width = DIMENSIONS[body["model"]]
    rows = [{"index": place, "embedding": _bag(text, width)} for place, text in enumerate(body["input"])]
    return {"data": rows}


def _bag(text: str, width: int) -> list[float]:
    numbers = [0.0] * width
    for word in content_words(text):
        numbers[zlib.crc32(word.encode()) % width] += 1
    length = math.hypot(*numbers)
    return [number / length for number in numbers] if length else [1.0, *numbers[1:]]


@contextmanager
def embeddings(answer: Any = answered) -> Iterator[WireServer]:
    """Run that server, and let the product use it."""
    with WireServer(embeddings=answer) as wire, providers(embeddings=wire.url.removesuffix("/v1")):
        yield wire


@contextmanager
def model(name: str) -> Iterator[None]:
    """Let memories be embedded by another model."""
    before = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(before, memory_model=name)
    try:
        yield
    finally:
        settings.ENVIRONMENT = before


def note(
    text: str, *, origin: str = "person", importance: float = 0.5, expires: Any = None, **place: Any
) -> Any:
    """Remember something a person says, or a tool put out."""
    said = memory.Provenance("user:test", origin)
    return memory.remember(memory.Note(text, said, memory.Place(**place), importance, expires))


def found(text: str, **options: Any) -> list[str]:
    """Return the texts of what a search finds, best first."""
    return [one.memory.text for one in why(text, **options)]


def why(text: str, **options: Any) -> tuple[memory.Found, ...]:
    """Search as the API does."""
    return memory.search(memory.Asked(text, embedded_if_possible(text), model_in_use()), **options)
