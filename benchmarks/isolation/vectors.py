"""How much of what it should find the memory finds, for small tenants and large ones in one table.

The truth is the exact order of all of a tenant's rows; what is measured is `agents.memory.recall`, as agents call it.
"""

import shutil
import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from django.db import connection
from django.utils import timezone
from django_tenants.utils import tenant_context
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from agents import memory
from agents.models import Memory
from agents.models.memory import DIMENSIONS
from benchmarks.isolation.database import superuser
from tenants.models import Tenant
from tenants.provisioning import open_tenant

ROWS = 200_000
ASKED = (50, 1_000, 50_000)
BETWEEN = (5_000, 10_000, 20_000)  # beside an index that serves everybody these have the hardest lot
OTHERS = 8  # share what is left
QUERIES = 30
NEAREST = 10
FIELDS, TOPICS, TOPICS_OF_A_TENANT = 40, 400, 24
DIRECTIONS = 48
# Two texts on one topic then have a cosine of about 0.6, two of one field 0.4, others about 0, as MiniLM gives them.
OF_A_FIELD, SPREAD, NOISE = 0.8, 0.75, 0.3
MEMORY, SHARED_BYTES = "1GB", 1_200_000_000  # parallel workers build in shared memory
COPY = "COPY agents_memory (id, tenant_id, step_id, agent, request, output, confidence, pattern, embedded_by, created) FROM STDIN BINARY"
TYPES = ["uuid", "uuid", "uuid", "varchar", "text", "text", "numeric", "halfvec", "varchar", "timestamptz"]

Vectors = NDArray[np.float32]
Say = Callable[[str], None]


class Topics:
    """Unit vectors as texts have them, the same at every run: topics lie near others of their field, and what tells
    two texts on one topic apart varies in few directions beside a little noise in all.
    """

    def __init__(self) -> None:
        self._draw = np.random.default_rng(11)
        fields = _unit(self._normal(FIELDS, DIMENSIONS))
        near = fields[np.arange(TOPICS) % FIELDS]
        self._centres = _unit(near + OF_A_FIELD * _unit(self._normal(TOPICS, DIMENSIONS)))
        self._directions = _unit(self._normal(DIRECTIONS, DIMENSIONS))

    def of_a_tenant(self) -> list[int]:
        """Return the topics one tenant works on."""
        return [int(topic) for topic in self._draw.choice(TOPICS, TOPICS_OF_A_TENANT, replace=False)]

    def texts(self, topics: list[int], count: int) -> Vectors:
        """Return the vectors of `count` texts on these topics, the first ones the most common."""
        weights = 1 / np.arange(1, len(topics) + 1)
        chosen = self._draw.choice(topics, count, p=weights / weights.sum())
        meant = _unit(self._normal(count, DIRECTIONS) @ self._directions)
        noise = _unit(self._normal(count, DIMENSIONS))
        return _unit(self._centres[chosen] + SPREAD * meant + NOISE * noise)

    def _normal(self, rows: int, columns: int) -> Vectors:
        return self._draw.standard_normal((rows, columns)).astype(np.float32)


def measure(url: str, *, say: Say, queries: int = QUERIES) -> dict[str, Any]:
    """Return recall and median milliseconds by the number of a tenant's rows, and how long the index took to build."""
    topics, tenants = Topics(), dict[int, tuple[Tenant, list[int]]]()
    left = ROWS - sum(ASKED + BETWEEN)
    sizes = [*ASKED, *BETWEEN, *(left // OTHERS for _ in range(OTHERS))]
    with superuser(url) as fill:
        index = _strip(fill)
        for number, size in enumerate(sizes):
            mine = topics.of_a_tenant()
            tenant = open_tenant(
                f"memory-{number}", name="M", owner_email=f"memory-{number}@miosa.example"
            ).tenant
            _fill(fill, tenant.pk, topics.texts(mine, size))
            tenants.setdefault(size, (tenant, mine))
            say(f"  {size:,} memories of a tenant")
        build_s = _index(fill, index)
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
            true = _nearest(numbers)
            begin = time.perf_counter()
            found = memory.recall(numbers, limit=NEAREST, at_least=-1)
            times.append((time.perf_counter() - begin) * 1_000)
            shares.append(len(true & {one.request for one in found}) / len(true))
    return statistics.mean(shares), statistics.median(times)


def _nearest(numbers: list[float]) -> set[str]:
    values = {"tenant": tenant_id(), "pattern": HalfVector(numbers).to_text(), "limit": NEAREST}
    with connection.cursor() as cursor:
        cursor.execute(memory.EXACT, values)
        return {row[0] for row in cursor.fetchall()}


def tenant_id() -> UUID:
    """Return the tenant in force."""
    return UUID(str(connection.tenant.pk))  # type: ignore[attr-defined]


def _strip(fill: Any) -> str:
    """Take away what would slow the filling down or asks for rows of other tables; return how the index is made."""
    table = Memory._meta.db_table
    [index] = fill.execute(
        "SELECT indexdef FROM pg_indexes WHERE indexname = 'memory_pattern_hnsw'"
    ).fetchone()
    foreign = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'"
    for (name,) in fill.execute(foreign, [table]).fetchall():
        fill.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    fill.execute("DROP INDEX memory_pattern_hnsw")
    register_vector(fill)
    return str(index)


def _fill(fill: Any, tenant: UUID, vectors: Vectors) -> None:
    now = timezone.now()
    with fill.cursor().copy(COPY) as rows:
        rows.set_types(TYPES)
        for number, vector in enumerate(vectors):
            row = (uuid4(), tenant, uuid4(), "coder", str(number), "", 8, HalfVector(vector), "bench", now)
            rows.write_row(row)


def _index(fill: Any, index: str) -> float:
    """Build the index as the migration defines it, with all the memory and both cores."""
    begin = time.perf_counter()
    roomy = shutil.disk_usage("/dev/shm").free > SHARED_BYTES
    fill.execute(f"SET maintenance_work_mem = '{MEMORY}'")
    fill.execute(f"SET max_parallel_maintenance_workers = {2 if roomy else 0}")
    fill.execute(index)
    fill.execute("VACUUM ANALYZE agents_memory")
    return time.perf_counter() - begin


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
