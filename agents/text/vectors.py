"""Similarity, centre and choice over unit vectors."""

import operator
from collections.abc import Sequence

Vector = Sequence[float]


def similarity(one: Vector, other: Vector) -> float:
    """Return the cosine of two unit vectors."""
    return float(sum(map(operator.mul, one, other)))


def centroid(vectors: Sequence[Vector]) -> list[float]:
    """Return the unit vector in the middle; all zeros where the vectors cancel out."""
    total = [sum(column) for column in zip(*vectors, strict=True)]
    norm = sum(value * value for value in total) ** 0.5
    return [value / norm for value in total] if norm else total


def most_central(vectors: Sequence[Vector], *, limit: int) -> list[int]:
    """Return the indices nearest the centre that do not repeat each other, most central first.

    Each further one is chosen by nearness to the centre minus half its likeness to those chosen
    (maximal marginal relevance), so that three sentences saying the same do not fill the summary.
    """
    if not vectors:
        return []
    middle = centroid(vectors)
    near = [similarity(vector, middle) for vector in vectors]
    chosen: list[int] = []
    while len(chosen) < min(limit, len(vectors)):
        left = [index for index in range(len(vectors)) if index not in chosen]
        chosen.append(max(left, key=lambda index: near[index] - 0.5 * _likeness(index, chosen, vectors)))
    return chosen


def _likeness(index: int, chosen: Sequence[int], vectors: Sequence[Vector]) -> float:
    return max((similarity(vectors[index], vectors[other]) for other in chosen), default=0.0)


def nearest(vector: Vector, others: Sequence[Vector]) -> list[tuple[int, float]]:
    """Return (index, similarity) of the others, nearest first."""
    pairs = ((index, similarity(vector, other)) for index, other in enumerate(others))
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
