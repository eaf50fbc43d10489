"""Texts as unit vectors, from the embeddings server that EMBEDDINGS_URL names."""

import math
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from routing.errors import EmbeddingsUnavailable
from routing.messages import clean

DIMENSIONS = 384
MOST_DIMENSIONS = 4_000  # of another model: what pgvector compares in half precision
BATCH = 32
TIMEOUT_S = 30.0
CONNECT_S = 3.0
MODEL = "all-MiniLM-L6-v2"


class Embeddings:
    """A client of one server; may be shared by threads."""

    def __init__(self, url: str, *, model: str = MODEL, timeout_s: float = TIMEOUT_S) -> None:
        """`url`: `http://host:port` or `http://host:port/v1`; '' is allowed and fails when asked to embed."""
        base = url.rstrip("/")
        self._base = f"{base}/v1" if base and not urlsplit(base).path else base
        self._model = model
        timeout = httpx.Timeout(timeout_s, connect=CONNECT_S)
        self._client = httpx.Client(timeout=timeout, trust_env=False)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector of length 1 for each text, in their order; of `MODEL` it has 384 numbers. Raises EmbeddingsUnavailable."""
        if not self._base:
            raise EmbeddingsUnavailable("EMBEDDINGS_URL is empty")
        vectors: list[list[float]] = []
        for start in range(0, len(texts), BATCH):
            vectors += self._batch([clean(text) or " " for text in texts[start : start + BATCH]])
        return vectors

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _batch(self, texts: list[str]) -> list[list[float]]:
        try:
            response = self._client.post(
                f"{self._base}/embeddings", json={"model": self._model, "input": texts}
            )
            response.raise_for_status()
            said = response.json()
            self._refuse_another(str(said.get("model") or self._model))
            rows = said["data"]
            found = {row.get("index", place): row["embedding"] for place, row in enumerate(rows)}
            exactly = DIMENSIONS if self._model == MODEL else None
            return [_unit(found[place], exactly) for place in range(len(texts))]
        except httpx.HTTPStatusError as error:
            raise EmbeddingsUnavailable(f"the server answered {error.response.status_code}") from error
        except httpx.HTTPError as error:
            raise EmbeddingsUnavailable(str(error) or type(error).__name__) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EmbeddingsUnavailable("the answer is malformed") from error

    def _refuse_another(self, answered: str) -> None:
        """A server with one model answers with it whatever it is asked for; names may carry a version more."""
        mine, theirs = self._model.casefold(), answered.casefold()
        if self._model != MODEL and mine not in theirs and theirs not in mine:
            raise EmbeddingsUnavailable(f"the server has {answered[:80]} and not {self._model}")


def _unit(vector: Any, exactly: int | None) -> list[float]:
    numbers = [float(number) for number in vector]
    length = math.hypot(*numbers)
    if exactly is not None and len(numbers) != exactly:
        raise EmbeddingsUnavailable(f"{len(numbers)} numbers a text came, {exactly} are needed")
    if len(numbers) > MOST_DIMENSIONS:
        raise EmbeddingsUnavailable(f"{len(numbers)} numbers a text came, at most {MOST_DIMENSIONS} are kept")
    if not math.isfinite(length) or length == 0:
        raise EmbeddingsUnavailable("a vector has no direction")
    return [number / length for number in numbers]
