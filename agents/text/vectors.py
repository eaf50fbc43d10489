"""Similarity, centre and choice over unit vectors."""

from collections.abc import Sequence

import numpy as np

Vector = Sequence[float]


def similarity(one: Vector, other: Vector) -> float:
    """Return the cosine of two unit vectors."""
    return float(np.dot(one, other))


def centroid(vectors: Sequence[Vector]) -> list[float]:
    """Return the unit vector in the middle; all zeros where the vectors cancel out."""
    total = np.sum(np.asarray(vectors, dtype=float), axis=0)
    norm = float(np.linalg.norm(total))
    return [float(value) for value in (total / norm if norm else total)]


def most_central(vectors: Sequence[Vector], *, limit: int) -> list[int]:
    """Return the indices nearest the centre that do not repeat each other, most central first.

    Each further one is chosen by nearness to the centre minus half its likeness to those chosen
    (maximal marginal relevance), so that three sentences saying the same do not fill the summary.
    """
    if not len(vectors):
        return []
    rows = np.asarray(vectors, dtype=float)
    near = rows @ np.asarray(centroid(vectors))
    likeness = np.zeros(len(rows))
    chosen: list[int] = []
    for _ in range(min(limit, len(rows))):
        scores = near - likeness / 2
        scores[chosen] = -np.inf
        best = int(np.argmax(scores))
        chosen.append(best)
        likeness = np.maximum(likeness, rows @ rows[best])
    return chosen


def nearest(vector: Vector, others: Sequence[Vector]) -> list[tuple[int, float]]:
    """Return (index, similarity) of the others, nearest first."""
    pairs = ((index, similarity(vector, other)) for index, other in enumerate(others))
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
