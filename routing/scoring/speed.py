"""How fast the model answers, by the catalogue; the measured latency is told beside it."""

from routing.catalog import FULL_RATING, Model
from routing.requirement import Requirement
from routing.scoring.contract import Mark
from routing.snapshot import Snapshot


def speed(candidate: Model, requirement: Requirement, snapshot: Snapshot) -> Mark:
    rating = candidate.speed
    figure = f"{candidate.tokens_per_s:g} tokens/s" if candidate.tokens_per_s else "tokens/s not published"
    measured = snapshot.cell(requirement.area, candidate.id).latency_ms
    here = "" if measured is None else f"; {measured:.0f} ms here on average"
    return Mark(
        rating.value / FULL_RATING,
        f"speed {rating.value:g} of 10: {figure} ({rating.source}, {rating.as_of}){here}",
    )
