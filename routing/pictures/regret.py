"""What is given up: how far the chosen model's expected success lay below the best one's, decision by decision.

A decision stores the History score of each model it explains: the mean of what was believed of its rate of success
at that moment. The regret of one decision is the highest of these minus that of the model chosen. It is an estimate
by the router's own belief, not by what happened, and it holds what speed and cost are worth as well as exploration.
"""

from typing import Any, NamedTuple
from uuid import UUID

from django.db import connections, router

from miosa.pg.replica import may_lag
from routing.models import Decision
from routing.pictures.period import Period
from routing.pictures.record import NOTHING, Estimate, mean_of

READ = """
WITH believed AS (
  SELECT d.id, date_trunc(%(unit)s, d.created, 'UTC') AS bucket, r->>'model' = d.model AS chosen,
    (n->>'score')::float AS expected
  FROM routing_decision d, jsonb_array_elements(d.ranked) r, jsonb_array_elements(r->'nodes') n
  WHERE d.created >= %(start)s AND d.created < %(end)s AND n->>'name' = 'History'
    AND (%(tenant)s::uuid IS NULL OR d.tenant_id = %(tenant)s::uuid)
), each AS (
  SELECT bucket, max(expected) - max(expected) FILTER (WHERE chosen) AS regret FROM believed GROUP BY id, bucket
)
SELECT bucket, count(regret), avg(regret), stddev_samp(regret), coalesce(sum(regret), 0)
FROM each WHERE regret IS NOT NULL GROUP BY bucket"""


class Regret(NamedTuple):
    """`by_bucket` are means per decision, 0 to 1; `total` is their sum: successes given up, as was believed."""

    by_bucket: tuple[Estimate, ...]
    total: float
    decisions: int


@may_lag
def regret(period: Period, tenant_id: UUID | None = None) -> Regret:
    """Return what the decisions of a period gave up; one whose chosen model is not explained is left out."""
    rows = {bucket: found for bucket, *found in _read(period, tenant_id)}
    return Regret(
        by_bucket=tuple(
            mean_of(mean, spread, n) if n else NOTHING
            for n, mean, spread, _sum in (rows.get(bucket, (0, None, None, 0.0)) for bucket in period.buckets)
        ),
        total=sum(row[3] for row in rows.values()),
        decisions=sum(row[0] for row in rows.values()),
    )


def _read(period: Period, tenant_id: UUID | None) -> list[tuple[Any, ...]]:
    asked: dict[str, Any] = {
        "unit": period.unit,
        "start": period.start,
        "end": period.end,
        "tenant": tenant_id,
    }
    with connections[router.db_for_read(Decision)].cursor() as cursor:
        cursor.execute(READ, asked)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
