"""How much of what it should find the memory finds, for small tenants and large ones in one table.

The truth is the exact order of all of a tenant's rows; what is measured is `agents.memory.search`, as agents call it.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection
from django_tenants.utils import tenant_context
from pgvector import HalfVector

from agents import memory
from benchmarks.isolation.database import superuser
from benchmarks.memories.filling import MODEL, fill_tenant, index, strip
from benchmarks.memories.topics import Topics
from tenants.models import Tenant
from tenants.provisioning import open_tenant

ROWS = 200_000
ASKED = (50, 1_000, 50_000)
BETWEEN = (5_000, 10_000, 20_000)  # beside an index that serves everybody these have the hardest lot
OTHERS = 8  # share what is left
QUERIES = 30
NEAREST = 10
TRUTH = """SELECT memory_id FROM agents_memoryvector WHERE tenant_id = %(tenant)s
ORDER BY (pattern <=> %(pattern)s::halfvec) + 0 LIMIT %(limit)s"""

Say = Callable[[str], None]


def measure(url: str, *, say: Say, queries: int = QUERIES) -> dict[str, Any]:
    """Return recall and median milliseconds by the number of a tenant's rows, and how long the index took to build."""
    topics, tenants = Topics(), dict[int, tuple[Tenant, list[int]]]()
    left = ROWS - sum(ASKED + BETWEEN)
    sizes = [*ASKED, *BETWEEN, *(left // OTHERS for _ in range(OTHERS))]
    with superuser(url) as fill:
        indexes = strip(fill)
        for number, size in enumerate(sizes):
            mine = topics.of_a_tenant()
            tenant = open_tenant(
                f"memory-{number}", name="M", owner_email=f"memory-{number}@miosa.example"
            ).tenant
            texts = [(str(one), "") for one in range(size)]
            fill_tenant(fill, tenant.pk, topics.texts(mine, size), texts)
            tenants.setdefault(size, (tenant, mine))
            say(f"  {size:,} memories of a tenant")
        build_s = index(fill, indexes)
        say(f"  indexed {sum(sizes):,} memories in {build_s:.0f} s")
    found = {size: _recall(tenants[size], topics, queries) for size in (*ASKED, *BETWEEN)}
    return {
        "recall": {str(size): found[size][0] for size in ASKED},
        "recall_ms": {str(size): found[size][1] for size in ASKED},
        "between": {str(size): {"recall": found[size][0], "ms": found[size][1]} for size in BETWEEN},
        "index_build_s": build_s,
    }


def _recall(who: tuple[Tenant, list[int]], topics: Topics, queries: int) -> tuple[float, float]:
    tenant, mine = who
    shares, times = [], []
    with tenant_context(tenant):
        for pattern in topics.texts(mine, queries):
            numbers = [float(number) for number in pattern]
            true = nearest(numbers)
            begin = time.perf_counter()
            found = memory.search(memory.Asked("", numbers, MODEL), limit=NEAREST)
            times.append((time.perf_counter() - begin) * 1_000)
            shares.append(len(true & {one.memory.pk for one in found}) / len(true))
    return statistics.mean(shares), statistics.median(times)


def nearest(numbers: list[float], limit: int = NEAREST) -> set[UUID]:
    """Return the nearest of the tenant in force, by looking at every vector."""
    values = {"tenant": tenant_id(), "pattern": HalfVector(numbers).to_text(), "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(TRUTH, values)
        return {row[0] for row in cursor.fetchall()}


def tenant_id() -> UUID:
    """Return the tenant in force."""
    return UUID(str(connection.tenant.pk))  # type: ignore[attr-defined]
