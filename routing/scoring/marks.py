"""The marks of all models in an area, by node: made once per board and area, or once per catalogue where that is enough."""

from collections.abc import Mapping

from routing.catalog import Catalog, Model
from routing.requirement import Requirement
from routing.scoring.contract import Mark
from routing.scoring.weights import NODES
from routing.snapshot import EMPTY, Snapshot

Row = tuple[Mark, ...]  # of one model, in the order of NODES
Marks = Mapping[str, Row]  # by model

# These nodes read the catalogue alone, so that their marks outlive a board and serve every tenant.
LASTING = frozenset({"TaskFit", "Quality", "Cost"})
MOST_LASTING = 64  # catalogues x kinds of tasks

_lasting: dict[tuple[str, str], Mapping[str, tuple[Mark | None, ...]]] = {}


def marks(catalog: Catalog, requirement: Requirement, snapshot: Snapshot) -> Marks:
    """Every model's marks; of the requirement the area counts, nothing else."""
    lasting = _lasting_marks(catalog, requirement)
    return {model.id: _row(lasting[model.id], model, requirement, snapshot) for model in catalog.models}


def _row(lasting: tuple[Mark | None, ...], model: Model, requirement: Requirement, snapshot: Snapshot) -> Row:
    return tuple(
        known or _bounded(node.mark(model, requirement, snapshot))
        for node, known in zip(NODES, lasting, strict=True)
    )


def _lasting_marks(catalog: Catalog, requirement: Requirement) -> Mapping[str, tuple[Mark | None, ...]]:
    """The marks that the catalogue alone gives in a kind of task, with gaps for the other nodes."""
    key = catalog.digest, requirement.task_kind
    found = _lasting.get(key)
    if found is None:
        if len(_lasting) >= MOST_LASTING:
            _lasting.clear()
        found = _lasting[key] = {
            model.id: tuple(
                _bounded(node.mark(model, requirement, EMPTY)) if node.name in LASTING else None
                for node in NODES
            )
            for model in catalog.models
        }
    return found


def _bounded(mark: Mark) -> Mark:
    """A score outside 0 to 1 (or none at all) counts as the nearest end: a bad figure must not stop a decision."""
    return mark if 0 <= mark.score <= 1 else Mark(1.0 if mark.score > 1 else 0.0, mark.reason)
