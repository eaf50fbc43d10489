"""Many memories at once, past the wall, and their index built as the migration defines it."""

import shutil
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from agents.models import Memory, MemoryVector
from agents.models.memory_vector import DIMENSIONS
from benchmarks.memories.topics import Vectors

MODEL = "bench"
MEMORY, SHARED_BYTES = "1GB", 1_200_000_000  # parallel workers build in shared memory
TABLES = (Memory._meta.db_table, MemoryVector._meta.db_table)
ROWS = """COPY agents_memory (id, tenant_id, kind, origin, source, remembered_by, scope, conversation, agent, request,
text, importance, confidence, created, edited_by) FROM STDIN BINARY"""
ROW_TYPES = [
    *("uuid", "uuid", "varchar", "varchar", "varchar", "varchar", "varchar", "varchar", "varchar", "text"),
    *("text", "float8", "numeric", "timestamptz", "varchar"),
]
VECTORS = "COPY agents_memoryvector (id, tenant_id, memory_id, model, dimensions, pattern, created) FROM STDIN BINARY"
VECTOR_TYPES = ["uuid", "uuid", "uuid", "varchar", "int2", "halfvec", "timestamptz"]


def strip(fill: Any) -> list[str]:
    """Take away what would slow the filling down or asks for rows of other tables; return how the indexes are made."""
    foreign = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'"
    for table in TABLES:
        for (name,) in fill.execute(foreign, [table]).fetchall():
            fill.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    found = fill.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef ~ 'USING (hnsw|gin)' AND tablename = ANY(%s)",
        [list(TABLES)],
    ).fetchall()
    for name, _ in found:
        fill.execute(f'DROP INDEX "{name}"')
    register_vector(fill)
    return [definition for _, definition in found]


def fill_tenant(fill: Any, tenant: UUID, vectors: Vectors, texts: Sequence[tuple[str, str]]) -> None:
    """Give a tenant a memory for each vector, with its (request, text)."""
    now, keys = timezone.now(), [uuid4() for _ in texts]
    with fill.cursor().copy(ROWS) as rows:
        rows.set_types(ROW_TYPES)
        for key, (request, text) in zip(keys, texts, strict=True):
            who = ("result", "result", "", "agent:coder", "tenant", "", "coder")
            rows.write_row((key, tenant, *who, request, text, 0.5, 8, now, ""))
    with fill.cursor().copy(VECTORS) as rows:
        rows.set_types(VECTOR_TYPES)
        for key, vector in zip(keys, vectors, strict=True):
            rows.write_row((uuid4(), tenant, key, MODEL, DIMENSIONS, HalfVector(vector), now))


def index(fill: Any, definitions: Sequence[str]) -> float:
    """Build the indexes with all the memory and both cores; return how many seconds that took."""
    begin = time.perf_counter()
    roomy = shutil.disk_usage("/dev/shm").free > SHARED_BYTES
    fill.execute(f"SET maintenance_work_mem = '{MEMORY}'")
    fill.execute(f"SET max_parallel_maintenance_workers = {2 if roomy else 0}")
    for definition in definitions:
        fill.execute(definition)
    for table in TABLES:
        fill.execute(f"VACUUM ANALYZE {table}")
    return time.perf_counter() - begin
