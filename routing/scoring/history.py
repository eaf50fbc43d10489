"""How often the model was right in this kind of task: the mean of its posterior."""

from routing.catalog import Model
from routing.requirement import Requirement
from routing.scoring.contract import Mark
from routing.snapshot import Snapshot


def history(candidate: Model, requirement: Requirement, snapshot: Snapshot) -> Mark:
    expected = snapshot.posterior(requirement.area, candidate.id).mean
    cell, total = snapshot.cell(requirement.area, candidate.id), snapshot.total(candidate.id)
    if not total.requests:
        return Mark(expected, f"no outcome yet: {expected:.2f} is assumed")
    return Mark(
        expected,
        f"{cell.successes:g} of {cell.requests} right in {requirement.area}, "
        f"{total.successes:g} of {total.requests} in all: {expected:.2f} is expected",
    )
