"""How well the model suits this kind of task, by the catalogue."""

from routing.catalog import DEFAULT_FIT, FULL_RATING, Model
from routing.requirement import Requirement
from routing.scoring.contract import Mark
from routing.snapshot import Snapshot


def task_fit(candidate: Model, requirement: Requirement, _snapshot: Snapshot) -> Mark:
    rating = candidate.fit_for(requirement.task_kind)
    if rating is None:
        return Mark(
            DEFAULT_FIT / FULL_RATING, f"nothing is known of {requirement.task_kind}: {DEFAULT_FIT:g} of 10"
        )
    return Mark(
        rating.value / FULL_RATING,
        f"fit for {requirement.task_kind} {rating.value:g} of 10 ({rating.source}, {rating.as_of})",
    )
