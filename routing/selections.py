"""Selections that similar tasks share: a task whose embedding is near one that was just decided gets its model.

A board owns its selections and is thrown away with the first change of knowledge, so nothing here can outlive what
it was decided from.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from routing.choice import Choice

NEAR = 0.90  # cosine from which two tasks of one kind count as similar
MOST_PER_QUESTION = 256
MOST_QUESTIONS = 64


class Shared(NamedTuple):
    """A selection, the decision it was first made for, and what that one's prompt changed."""

    choice: Choice
    decision_id: UUID
    prompt: Mapping[str, Any] | None = None


class _Shelf:
    """The newest selections of one question, with their unit vectors."""

    __slots__ = ("count", "held", "vectors")

    def __init__(self, dimensions: int) -> None:
        self.vectors: NDArray[np.float32] = np.zeros((MOST_PER_QUESTION, dimensions), dtype=np.float32)
        self.held: list[Shared] = []
        self.count = 0


class Selections:
    """By the question (`Scoreboard.question`) and the nearness of the task's embedding. May be shared by threads."""

    __slots__ = ("_lock", "_shelves")

    def __init__(self) -> None:
        self._shelves: dict[str, _Shelf] = {}
        self._lock = threading.Lock()

    def near(self, key: str, vector: Sequence[float]) -> Shared | None:
        """The selection of the nearest task of the same question, if it is near enough."""
        shelf = self._shelves.get(key)
        asked = None if shelf is None else _unit(vector)
        if shelf is None or asked is None or asked.shape != shelf.vectors.shape[1:]:
            return None
        with self._lock:  # a few tens of microseconds; a row must not change while it is compared
            cosines = shelf.vectors[: len(shelf.held)] @ asked
            nearest = int(cosines.argmax())
            return shelf.held[nearest] if cosines[nearest] >= NEAR else None

    def keep(self, key: str, vector: Sequence[float], shared: Shared) -> None:
        """Remember a selection; the oldest of a full shelf makes room."""
        row = _unit(vector)
        if row is None:
            return
        with self._lock:
            shelf = self._shelves.get(key)
            if shelf is None:
                if len(self._shelves) >= MOST_QUESTIONS:
                    return
                shelf = self._shelves[key] = _Shelf(row.shape[0])
            if row.shape != shelf.vectors.shape[1:]:
                return
            place = shelf.count % MOST_PER_QUESTION
            shelf.vectors[place] = row
            shelf.held[place : place + 1] = [shared]
            shelf.count += 1


def _unit(vector: Sequence[float]) -> NDArray[np.float32] | None:
    """The vector at length 1; None for one that has no direction, so that no odd embedding stops a decision."""
    try:
        row = np.asarray(vector, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    if row.ndim != 1 or not row.size or not np.isfinite(row).all():
        return None
    largest = float(np.abs(row).max())
    if not largest:
        return None
    row = row / largest  # first to a size whose squares neither vanish nor overflow
    unit: NDArray[np.float32] = (row / np.sqrt(row @ row)).astype(np.float32)
    return unit
