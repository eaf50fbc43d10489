"""What tenants share who agreed to: counts by kind of task and model; the only writer of PoolShare and PooledCell.

A tenant's share is what the pool holds of it. It is taken out again before the tenant reads the pool, so that
nobody's own outcomes come back as somebody else's. Topics and texts never leave a tenant.
"""

import logging
from collections.abc import Mapping
from decimal import Decimal

from django.db import Error, connection, connections, transaction

from miosa.pg.patience import take_time
from routing.requirement import TASK_KINDS
from routing.snapshot import Tally
from tenants.owned import current_tenant_id
from tenants.places import SHARED, place, places

logger = logging.getLogger(__name__)

GATHER_LIMIT_S = 300
LOCK = 0x706F6F6C  # "pool": one gathers at a time

# Rows of a kind that is none of ours are neither summed nor touched: the doctor plants some, and watches them.
# What has changed in one place since the shares were written: a tenant that gives no more has its shares taken out.
# Tables are named with their schema: where one is missing (a release is just being installed), the shared one of that
# name must not stand in for it.
SHARES = """
WITH giving AS (
  SELECT o.tenant_id, o.task_kind, o.model, sum(o.counts) AS requests, greatest(sum(o.credit), 0) AS successes
  FROM {place}.routing_outcome o
  WHERE o.task_kind = ANY (%s) AND NOT EXISTS (
    SELECT FROM {place}.routing_policy p WHERE p.tenant_id = o.tenant_id AND NOT p.gives_counts)
  GROUP BY 1, 2, 3),
gone AS (
  DELETE FROM {place}.routing_poolshare s WHERE s.task_kind = ANY (%s) AND NOT EXISTS (
    SELECT FROM giving g WHERE (g.tenant_id, g.task_kind, g.model) = (s.tenant_id, s.task_kind, s.model)))
INSERT INTO {place}.routing_poolshare AS s (id, tenant_id, task_kind, model, requests, successes)
SELECT gen_random_uuid(), tenant_id, task_kind, model, requests, successes FROM giving
ON CONFLICT (tenant_id, task_kind, model) DO UPDATE SET requests = excluded.requests, successes = excluded.successes
WHERE (s.requests, s.successes) IS DISTINCT FROM (excluded.requests, excluded.successes)"""
SUMS = """
SELECT task_kind, model, sum(requests), sum(successes) FROM {place}.routing_poolshare
WHERE task_kind = ANY (%s) GROUP BY 1, 2"""
POOL = """
INSERT INTO public.routing_pooledcell (id, task_kind, model, requests, successes)
SELECT kind || ':' || model, kind, model, requests, successes
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::numeric[]) s(kind, model, requests, successes)
ON CONFLICT (id) DO UPDATE SET requests = excluded.requests, successes = excluded.successes"""
# Shares and sums are written by one transaction and read by one statement: a share is never taken from other sums.
OTHERS = """
SELECT c.task_kind, c.model, c.requests - coalesce(s.requests, 0), c.successes - coalesce(s.successes, 0)
FROM public.routing_pooledcell c
LEFT JOIN routing_poolshare s ON (s.tenant_id, s.task_kind, s.model) = (%s, c.task_kind, c.model)
WHERE c.requests > coalesce(s.requests, 0)"""
GONE = "DELETE FROM public.routing_pooledcell WHERE NOT id = ANY(%s)"

Counts = tuple[int, Decimal]


def others() -> Mapping[tuple[str, str], Tally]:
    """Return the counts of all other tenants who give theirs, by (kind of task, model)."""
    with connection.cursor() as cursor:
        cursor.execute(OTHERS, [current_tenant_id()])
        return {
            (kind, model): Tally(requests, float(max(Decimal(0), successes)))
            for kind, model, requests, successes in cursor.fetchall()
        }


def gather() -> int:
    """Write every tenant's share and the sums anew, as the platform; return the number of cells, 0 if another gathers."""
    with transaction.atomic(using="platform"), connections["platform"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        take_time(GATHER_LIMIT_S, using="platform")
        sums: dict[tuple[str, str], Counts] = {}
        for schema in places():
            for kind, model, requests, successes in _gathered_in(schema):
                before = sums.get((kind, model), (0, Decimal(0)))
                sums[kind, model] = (before[0] + int(requests), before[1] + successes)
        rows = [(kind, model, *counts) for (kind, model), counts in sorted(sums.items())]
        cursor.execute(
            POOL, [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], [], []]
        )
        cursor.execute(GONE, [[f"{kind}:{model}" for kind, model, *_ in rows]])
    return len(rows)


def _gathered_in(schema: str) -> list[tuple[str, str, int, Decimal]]:
    """Write the shares of one place and return their sums; where that fails the others go on without it."""
    try:
        with transaction.atomic(using="platform"), place(schema) as shared, shared.cursor() as there:
            named = shared.ops.quote_name(schema)
            kinds = list(TASK_KINDS)
            there.execute(SHARES.format(place=named), [kinds, kinds])
            there.execute(SUMS.format(place=named), [kinds])
            return list(there.fetchall())
    except Error as error:
        if schema == SHARED:
            raise
        logger.warning("The pool is gathered without %s: %s", schema, error)
        return []
