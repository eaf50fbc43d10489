"""Results remembered, and recalled for similar tasks; the only writer of Memory."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from pgvector import HalfVector

from agents.contract import Recollection
from agents.models import Memory
from tenants.owned import current_tenant_id

EXACT_BELOW = (
    20_000  # rows of one tenant: up to here looking at all of them takes a few milliseconds and misses none
)
LEAST_SIMILAR = 0.55  # cosine below which two requests have little in common
# The index is shared: its search passes rows of other tenants, and topics of this one that are not the nearest.
SEARCH_WIDTH = 800

COUNT = "SELECT count(*) FROM (SELECT 1 FROM agents_memory WHERE tenant_id = %s LIMIT %s) AS mine"
# `+ 0` keeps the index out, which the planner would use for a small tenant as well; texts are read for the few found.
EXACT = """
SELECT request, output, agent, confidence, 1 - distance AS similarity
FROM (SELECT id, (pattern <=> %(pattern)s::halfvec) + 0 AS distance FROM agents_memory
      WHERE tenant_id = %(tenant)s ORDER BY distance LIMIT %(limit)s) AS nearest
JOIN agents_memory USING (id) WHERE tenant_id = %(tenant)s ORDER BY distance"""
INDEXED = """
SELECT request, output, agent, confidence, 1 - (pattern <=> %(pattern)s::halfvec) AS similarity
FROM agents_memory WHERE tenant_id = %(tenant)s ORDER BY pattern <=> %(pattern)s::halfvec LIMIT %(limit)s"""
SEARCH = f"SET LOCAL hnsw.iterative_scan = 'relaxed_order'; SET LOCAL hnsw.ef_search = {SEARCH_WIDTH}"


def remember(
    step_id: UUID,
    *,
    agent: str,
    request: str,
    output: str,
    confidence: float,
    pattern: Sequence[float],
    embedded_by: str,
) -> None:
    """Store the result of a step, once, in the caller's transaction. `pattern` has 384 numbers, unit length."""
    row = Memory(
        step_id=step_id,
        agent=agent,
        request=request,
        output=output,
        confidence=confidence,
        pattern=HalfVector(list(pattern)),
        embedded_by=embedded_by,
    )
    Memory.objects.bulk_create([row], ignore_conflicts=True)


def recall(
    pattern: Sequence[float], *, limit: int = 3, at_least: float = LEAST_SIMILAR
) -> tuple[Recollection, ...]:
    """Return the current tenant's results of the most similar tasks, best first; similarity is a cosine."""
    tenant_id = current_tenant_id()
    if tenant_id is None:
        return ()
    values: dict[str, Any] = {
        "tenant": tenant_id,
        "pattern": HalfVector(list(pattern)).to_text(),
        "limit": limit,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COUNT, [tenant_id, EXACT_BELOW])
        if cursor.fetchone()[0] < EXACT_BELOW:
            cursor.execute(EXACT, values)
        else:
            cursor.execute(SEARCH)
            cursor.execute(INDEXED, values)
        rows = cursor.fetchall()
    found = (
        Recollection(
            request=request, output=output, agent=agent, similarity=float(similarity), confidence=float(c)
        )
        for request, output, agent, c, similarity in rows
    )
    return tuple(
        sorted((one for one in found if one.similarity >= at_least), key=lambda one: -one.similarity)
    )
