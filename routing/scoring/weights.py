"""The one table of weights: what each of the six nodes counts in each of the four modes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from routing.requirement import MODES
from routing.scoring.confidence import confidence
from routing.scoring.contract import ScoringNode
from routing.scoring.cost import cost
from routing.scoring.history import history
from routing.scoring.quality import quality
from routing.scoring.speed import speed
from routing.scoring.task_fit import task_fit

HISTORY_WEIGHT = 0.15
CONFIDENCE_WEIGHT = 0.10
SUM_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Node:
    """One row of the table. A node from the catalogue has shares, which are scaled into the room that the
    learned nodes leave; a learned node has its weight as it stands.
    """

    name: str
    mark: ScoringNode
    speed: float
    quality: float
    cost: float
    balance: float
    learned: bool = False

    def share(self, mode: str) -> float:
        value: float = getattr(self, mode)
        return value


_H, _C = HISTORY_WEIGHT, CONFIDENCE_WEIGHT
# fmt: off
NODES: tuple[Node, ...] = (
    #    name          mark        speed  quality cost  balance
    Node("TaskFit",    task_fit,   0.30,  0.30,   0.30, 0.30),
    Node("Quality",    quality,    0.30,  0.55,   0.25, 0.40),
    Node("Speed",      speed,      0.50,  0.25,   0.25, 0.35),
    Node("Cost",       cost,       0.20,  0.20,   0.50, 0.25),
    Node("History",    history,    _H,    _H,     _H,   _H,   learned=True),
    Node("Confidence", confidence, _C,    _C,     _C,   _C,   learned=True),
)
# fmt: on


@dataclass(frozen=True)
class WeightSet:
    """Weights by mode, in the order of NODES. A set that is not `raw` sums to 1 in every mode."""

    name: str
    by_mode: Mapping[str, tuple[float, ...]]
    raw: bool = False

    def __post_init__(self) -> None:
        for mode in MODES:
            weights = self.by_mode[mode]
            if len(weights) != len(NODES) or not all(0 <= weight < math.inf for weight in weights):
                raise ValueError(f"weights {self.name!r}, {mode}: one weight of 0 or more per node")
            if not self.raw and abs(math.fsum(weights) - 1) > SUM_TOLERANCE:
                raise ValueError(
                    f"weights {self.name!r}, {mode}: they sum to {math.fsum(weights)!r}, not to 1"
                )


def _scaled(mode: str) -> tuple[float, ...]:
    room = 1 - math.fsum(node.share(mode) for node in NODES if node.learned)
    shares = math.fsum(node.share(mode) for node in NODES if not node.learned)
    return tuple(node.share(mode) * (1 if node.learned else room / shares) for node in NODES)


SIX_NODES = WeightSet("six nodes", {mode: _scaled(mode) for mode in MODES})

# The rule this product began with: four nodes, nothing learned, TaskFit fixed at .30, a raw sum of 1.3.
SEED = WeightSet(
    "seed",
    {mode: tuple(0.0 if node.learned else node.share(mode) for node in NODES) for mode in MODES},
    raw=True,
)
