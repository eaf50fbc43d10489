"""Adds up a tenant's outcomes, each row once: what is settled for good, and what running transactions may still join.

A row carries the transaction that wrote it. Whatever is older than every running transaction can gain no more rows,
so it is added up once and kept; the rest is read again each time. So a row that commits late is never missed, and
no overlap has to be guessed. The sums are exact (whole numbers and decimals), hence the same in every process.
"""

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import prod
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from routing.requirement import area_of
from routing.snapshot import Tally

Place = tuple[str, str, int]  # area, model, how many shifts lie after the outcome
Sums = tuple[int, Decimal, Decimal, int, int, int]  # in the order of Tally

# What is older than every transaction that runs now, at the moment of asking; and whether this one has written.
MARK = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_current_xact_id_if_assigned() IS NOT NULL"
# An outcome that came before a shift of its cell counts in part: `shifts` tells how many came after it.
READ = """
SELECT o.task_kind, o.topic, o.model, o.transaction < %(mark)s,
  (SELECT count(*) FROM unnest(%(areas)s::text[], %(models)s::text[], %(since)s::uuid[]) s(area, model, since)
   WHERE s.model = o.model AND s.since > o.id
     AND s.area = CASE o.topic WHEN '' THEN o.task_kind ELSE o.task_kind || '/' || o.topic END),
  sum(o.counts), sum(o.credit), coalesce(sum(o.confidence) FILTER (WHERE o.source = 'checks'), 0),
  count(*) FILTER (WHERE o.source = 'checks'),
  coalesce(sum(o.latency_ms) FILTER (WHERE o.counts = 1 AND o.latency_ms > 0), 0),
  count(*) FILTER (WHERE o.counts = 1 AND o.latency_ms > 0)
FROM routing_outcome o WHERE o.tenant_id = %(tenant)s AND o.transaction >= %(from)s
GROUP BY 1, 2, 3, 4, 5"""


class Shifted(NamedTuple):
    """A cell whose outcomes before `since` count in part."""

    area: str
    model: str
    since: UUID
    discount: float


@dataclass
class Gathered:
    """One tenant's sums in this process. Not shared by threads while it reads: the caller sees to that.

    `provisional`: the last reading was made in a transaction that had written, and may hold what is rolled back.
    """

    settled: dict[Place, Sums] = field(default_factory=dict)
    settled_before: int = 0
    shifts: tuple[Shifted, ...] = ()
    provisional: bool = False

    def cells(self, tenant_id: UUID, shifts: Iterable[Shifted]) -> dict[tuple[str, str], Tally]:
        """Read what is new and return the tallies by (area, model)."""
        known = tuple(sorted(shifts, key=lambda one: (one.area, one.model, one.since)))
        if known != self.shifts:
            self.settled, self.settled_before, self.shifts = {}, 0, known
        with connection.cursor() as cursor:
            # The mark is taken before the rows: what is settled by then is whole in what is read.
            cursor.execute(MARK)
            mark, self.provisional = cursor.fetchone()
            cursor.execute(READ, self._asked(tenant_id, mark))
            rows = cursor.fetchall()
        settled = dict(self.settled)
        fresh: dict[Place, Sums] = {}
        for kind, topic, model, done, later, *sums in rows:
            into = settled if done else fresh
            place = (area_of(kind, topic), model, later)
            into[place] = _added(into.get(place), sums)
        self.settled, self.settled_before = settled, mark
        return _tallies(settled, fresh, known)

    def _asked(self, tenant_id: UUID, mark: int) -> dict[str, Any]:
        return {
            "tenant": tenant_id,
            "mark": mark,
            "from": self.settled_before,
            "areas": [one.area for one in self.shifts],
            "models": [one.model for one in self.shifts],
            "since": [one.since for one in self.shifts],
        }


def _added(before: Sums | None, more: Sequence[Any]) -> Sums:
    return tuple(map(operator.add, before, more)) if before else tuple(more)


def _tallies(
    settled: Mapping[Place, Sums], fresh: Mapping[Place, Sums], shifts: Sequence[Shifted]
) -> dict[tuple[str, str], Tally]:
    """The tallies by (area, model), added up in one order so that fractions come out the same everywhere."""
    cells: dict[tuple[str, str], Tally] = {}
    for place in sorted({*settled, *fresh}):
        area, model, later = place
        sums = _added(settled.get(place), fresh[place]) if place in fresh else settled[place]
        cells[area, model] = cells.get((area, model), Tally()) + _tally(
            sums, _share(area, model, later, shifts)
        )
    return cells


def _tally(sums: Sums, share: float) -> Tally:
    requests, credit, confidence, rated, latency_ms, timed = sums
    # Where evidence counts in part its confidences do too: their mean stays, its weight falls.
    still = round(rated * share)
    mean = float(confidence) / rated if rated else 0.0
    return Tally(requests * share, float(credit) * share, mean * still, still, float(latency_ms), timed)


def _share(area: str, model: str, later: int, shifts: Sequence[Shifted]) -> float:
    """What is left of evidence that so many shifts of its cell came after: they are the cell's last ones."""
    of_cell = [one.discount for one in shifts if (one.area, one.model) == (area, model)]
    return prod(of_cell[len(of_cell) - later :])
