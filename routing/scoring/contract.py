"""What a scoring node is: a pure function that looks at one model and gives 0 to 1 with its reason."""

from typing import NamedTuple, Protocol

from routing.catalog import Model
from routing.requirement import Requirement
from routing.snapshot import Snapshot


class Mark(NamedTuple):
    """A node's verdict on one model: 0 (worst) to 1 (best), and the reason in words."""

    score: float
    reason: str


class ScoringNode(Protocol):
    """Same arguments, same mark; never raises. Of the requirement it may read the task kind and the area, nothing
    else: marks are made once per area and then serve every mode and every size.
    """

    def __call__(self, candidate: Model, requirement: Requirement, snapshot: Snapshot, /) -> Mark: ...
