"""Small statistics."""

import os


def mean(values: list[float]) -> float:
    """Return the mean."""
    if not values:
        raise ValueError("nothing has no mean")
    return sum(values) / len(values)
