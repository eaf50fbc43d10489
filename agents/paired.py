"""A lower bound for a mean of paired differences, exact for every number of pairs: Hartigan's typical values.

Each non-empty subset of the pairs has a mean. If the differences lie symmetrically about a value (two arms that
are the same, run in random order, differ symmetrically about 0), that value is equally likely to lie in each of the
gaps between the sorted means. So with 2^n - 1 subsets the k-th smallest mean is below it with probability
1 - k / 2^n: a bound without a normal distribution, a variance or a large n. It is the sign-flip test turned
round: the bound is above 0 where that test rejects. Ties (differences of 0) make it wait, never wrong.
"""

import random
from collections.abc import Sequence

ALL_SUBSETS_TO = 14  # pairs: above it so many random subsets stand for all, which is exact as well
DRAWN = 3_999
DIGITS = 12  # means are compared rounded to so many places: what cancels out is 0
_CHUNK = 10
NOTHING = float("-inf")


def lower_bound(differences: Sequence[float], *, alpha: float, seed: int = 0) -> float:
    """Return the value that the mean exceeds with confidence 1 - `alpha`; minus infinity for too few pairs."""
    means = sorted(_subset_means(differences, seed))
    allowed = int(alpha * (len(means) + 1)) - 1
    return means[allowed] if 0 <= allowed < len(means) else NOTHING


def upper_bound(differences: Sequence[float], *, alpha: float, seed: int = 0) -> float:
    """Return the value that the mean stays below with confidence 1 - `alpha`."""
    return -lower_bound([-one for one in differences], alpha=alpha, seed=seed)


def _subset_means(values: Sequence[float], seed: int) -> list[float]:
    if len(values) <= ALL_SUBSETS_TO:
        return [round(total / count, DIGITS) for total, count in _sums(values)[1:]]
    # Distinct non-empty subsets, drawn by lot: the theorem holds for them too. Each is put together from pieces of ten.
    parts = [_sums(values[start : start + _CHUNK]) for start in range(0, len(values), _CHUNK)]
    drawn, rng = set[int](), random.Random(seed)  # noqa: S311  no secret
    while len(drawn) < DRAWN:
        drawn.add(rng.getrandbits(len(values)))
        drawn.discard(0)
    return [_mean(parts, mask) for mask in sorted(drawn)]


def _sums(values: Sequence[float]) -> list[tuple[float, int]]:
    """Return (sum, count) of every subset; the place of a subset is its mask."""
    found = [(0.0, 0)]
    for value in values:
        found += [(total + value, count + 1) for total, count in found]
    return found


def _mean(parts: Sequence[Sequence[tuple[float, int]]], mask: int) -> float:
    taken = [part[mask >> _CHUNK * place & (1 << _CHUNK) - 1] for place, part in enumerate(parts)]
    return round(sum(total for total, _ in taken) / sum(count for _, count in taken), DIGITS)
