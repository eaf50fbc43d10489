"""What is believed of every model in every area: all counts together, each cell's own in full.

An area that has no counts starts from its kind, a kind from what its models did elsewhere, a model from what is
usual in the area. The counts of others (`pooled`) lie in the cell of the kind, worth a bounded number of outcomes.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

import numpy as np

from routing.pooled_effects import SPREADS, Spreads, expected
from routing.posterior import Posterior

POOL_STRENGTH = 8.0  # how many outcomes the counts of others are worth in a cell, at most
DIGITS = 12
TOPIC_MARK = "/"  # between a kind of task and a topic within it


class Counted(Protocol):
    """`requests` and `successes` are finite, and 0 <= successes <= requests."""

    @property
    def requests(self) -> float: ...
    @property
    def successes(self) -> float: ...


Cells = Mapping[tuple[str, str], Counted]


class _Row(NamedTuple):
    """An area in the table; `spare` rows have no counts and speak for all areas of a kind that have none."""

    kind: str
    spare: bool
    area: str


class Beliefs:
    """The beliefs that some counts make; any area and any model may be asked for."""

    __slots__ = ("_columns", "_posteriors", "_priors", "_rows")

    def __init__(
        self,
        cells: Cells,
        *,
        pooled: Cells | None = None,
        pool_strength: float = POOL_STRENGTH,
        spreads: Spreads = SPREADS,
    ) -> None:
        """`cells` by (area, model id); `pooled` by (kind of task, model id), each cell worth `pool_strength` at most."""
        counts = _joined(cells, pooled or {}, pool_strength)
        rows = _rows({area for area, _ in counts})
        self._rows = {(row.spare, row.area): place for place, row in enumerate(rows)}
        self._columns = {model: place for place, model in enumerate(sorted({model for _, model in counts}))}
        shape = len(rows), len(self._columns) + 1  # the last column speaks for every other model
        requests, successes = np.zeros(shape), np.zeros(shape)
        for (area, model), (asked, right) in counts.items():
            place = self._rows[False, area], self._columns[model]
            requests[place], successes[place] = asked, right
        firsts = [p for p, row in enumerate(rows) if not p or rows[p - 1].kind != row.kind]
        found = expected(requests, successes, kinds=np.array(firsts), spreads=spreads)
        # Processors differ in the last bits of a logarithm; a decision must come out the same on each of them.
        rate, strength = (table.round(DIGITS) for table in found)
        prior = np.stack((rate * strength, (1 - rate) * strength), axis=-1)
        own = np.stack((successes, requests - successes), axis=-1)
        self._priors: list[list[list[float]]] = prior.tolist()
        self._posteriors: list[list[list[float]]] = (prior + own).tolist()

    def posterior(self, area: str, model: str) -> Posterior:
        """The belief about a model's success rate in an area."""
        return Posterior(*self._posteriors[self._row(area)][self._columns.get(model, -1)])

    def prior(self, area: str, model: str) -> Posterior:
        """The same belief without the cell's own counts (and those of others in it)."""
        return Posterior(*self._priors[self._row(area)][self._columns.get(model, -1)])

    def _row(self, area: str) -> int:
        row = self._rows.get((False, area))
        return self._rows.get((True, _kind(area)), self._rows[True, ""]) if row is None else row


def _kind(area: str) -> str:
    return area.partition(TOPIC_MARK)[0]


def _joined(cells: Cells, pooled: Cells, pool_strength: float) -> dict[tuple[str, str], tuple[float, float]]:
    """Requests and successes by (area, model), without empty cells: those must not change a bit of the rest."""
    joined = {key: (float(c.requests), float(c.successes)) for key, c in cells.items() if c.requests > 0}
    for key, counts in pooled.items():
        share = min(1.0, pool_strength / counts.requests) if counts.requests > 0 else 0.0
        if share > 0:
            requests, successes = joined.get(key, (0.0, 0.0))
            joined[key] = requests + share * counts.requests, successes + share * counts.successes
    return joined


def _rows(areas: Iterable[str]) -> list[_Row]:
    """Areas of a kind stand together, each kind with its spare row; the kind "" speaks for unknown kinds."""
    counted = {_Row(_kind(area), False, area) for area in areas}
    spare = {_Row(kind, True, kind) for kind in {"", *(row.kind for row in counted)}}
    return sorted(counted | spare)
