"""How sure we could be of the model's answers in this kind of task: their mean confidence."""

from routing.catalog import FULL_RATING, Model
from routing.requirement import Requirement
from routing.scoring.contract import Mark
from routing.snapshot import Snapshot


def confidence(candidate: Model, requirement: Requirement, snapshot: Snapshot) -> Mark:
    cell = snapshot.cell(requirement.area, candidate.id)
    if not cell.rated:
        return Mark(
            cell.confidence / FULL_RATING, f"no answer rated yet: the neutral {cell.confidence:g} of 10"
        )
    return Mark(
        cell.confidence / FULL_RATING,
        f"confidence {cell.confidence_sum / cell.rated:.1f} of 10 over {cell.rated} answers, "
        f"{cell.confidence:.1f} after shrinking",
    )
