"""How often the model was right in this kind of task: the mean of its posterior."""

from routing.catalog import Model
from routing.requirement import Requirement
from routing.scoring.contract import Mark
from routing.snapshot import Snapshot


def history(candidate: Model, requirement: Requirement, snapshot: Snapshot) -> Mark:
    """(prior rate x its strength + successes) / (strength + requests); the reason holds all four numbers."""
    area, model = requirement.area, candidate.id
    expected = snapshot.posterior(area, model).mean
    cell, prior = snapshot.cell(area, model), snapshot.prior(area, model)
    before = f"{prior.mean:.3f} is expected beforehand, worth {prior.a + prior.b:.2f} outcomes"
    if not cell.requests:
        return Mark(expected, f"no outcome in {area} yet: {before}")
    return Mark(
        expected,
        f"{cell.successes:.4g} of {cell.requests:.4g} right in {area}; {before}: {expected:.3f} in all",
    )
