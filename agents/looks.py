"""What the differences of a replay allow to say: accept, reject, or look again later; error is spent on every look."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agents.paired import NOTHING, lower_bound

# Probability that a change which changes nothing is accepted, over all looks together: of any 200 such, luck included, hardly
# ever more than ten.
ALPHA = 0.025
MOST_LOOKS = 3
LEAST_PAIRS = 7  # fewer cannot give a bound on the first look

JUDGES_SHARE = 0.5  # of a difference, where a judge has spoken; the rest is the checks'
WORTH = {"new": 1.0, "old": -1.0, "tie": 0.0}


class Says(StrEnum):
    """What follows from the pairs so far."""

    ACCEPT = "accept"
    REJECT = "reject"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Look:
    """One look at all pairs so far; `alpha` is what it may err, `bound` None where there are too few pairs."""

    says: Says
    number: int
    alpha: float
    pairs: int
    mean: float
    bound: float | None
    because: str


def joined(difference: float, verdict: str) -> float:
    """Return the difference of a pair, -1 to 1: the checks', and half of it the judge's where one has spoken."""
    if not verdict:
        return difference
    return (1 - JUDGES_SHARE) * difference + JUDGES_SHARE * WORTH[verdict]


def alpha_of(look: int) -> float:
    """Return the share of `ALPHA` that the look of this number (from 1) may spend: a half, a quarter, an eighth."""
    return ALPHA * 0.5**look


def look_at(differences: Sequence[float], *, number: int) -> Look:
    """Decide from the differences new - old (-1 to 1) of all pairs so far.

    Accepted only where the lower bound is positive; given up where the mean is not, or at the last look. Giving up
    early never makes an acceptance more likely, so it costs no error.
    """
    alpha, pairs = alpha_of(number), len(differences)
    mean = sum(differences) / pairs if pairs else 0.0
    bound = lower_bound(differences, alpha=alpha, seed=number)
    told = f"{pairs} pairs, mean difference {mean:+.3f}, lower bound {_shown(bound)} at {alpha:.2%}"
    if pairs < LEAST_PAIRS:
        says, why = Says.AGAIN, f"{pairs} of at least {LEAST_PAIRS} pairs"
    elif bound > 0:
        says, why = Says.ACCEPT, f"better: {told}"
    elif mean <= 0:
        says, why = Says.REJECT, f"not better: {told}"
    elif number >= MOST_LOOKS:
        says, why = Says.REJECT, f"not surely better after {MOST_LOOKS} looks: {told}"
    else:
        says, why = Says.AGAIN, f"not surely better yet: {told}"
    return Look(says, number, alpha, pairs, mean, None if bound == NOTHING else bound, why)


def _shown(bound: float) -> str:
    return "none" if bound == NOTHING else f"{bound:+.3f}"
