"""How good the model's answers are in general, by the catalogue."""

from routing.catalog import FULL_RATING, Model
from routing.requirement import Requirement
from routing.scoring.contract import Mark
from routing.snapshot import Snapshot


def quality(candidate: Model, _requirement: Requirement, _snapshot: Snapshot) -> Mark:
    rating = candidate.quality
    return Mark(
        rating.value / FULL_RATING, f"quality {rating.value:g} of 10 ({rating.source}, {rating.as_of})"
    )
