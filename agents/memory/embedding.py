"""Texts as vectors of the model that memories are compared by."""

from collections.abc import Sequence

from django.conf import settings

from routing import gateway
from routing.errors import EmbeddingsUnavailable


def model_in_use() -> str:
    """Return the name of the model that new memories and questions are embedded with."""
    return str(settings.ENVIRONMENT.memory_model)


def embedded(texts: Sequence[str], *, model: str = "") -> list[list[float]]:
    """Return one unit vector for each text, of the model in use or another. Raises EmbeddingsUnavailable."""
    return gateway.embed(texts, model=model or model_in_use())


def embedded_if_possible(text: str) -> list[float]:
    """Return its vector of the model in use; empty where no embeddings are to be had: words find it all the same."""
    try:
        return embedded([text])[0]
    except EmbeddingsUnavailable:
        return []
