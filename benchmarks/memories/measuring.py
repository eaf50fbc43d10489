"""Recall and time of `agents.memory.search`, for the largest tenant and for the many small ones."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from django_tenants.utils import tenant_context
from pgvector import HalfVector

from agents import memory
from agents.memory import searching, statements
from benchmarks.isolation.database import superuser
from benchmarks.isolation.vectors import nearest, tenant_id
from benchmarks.memories.filling import MODEL, fill_tenant, index, strip
from benchmarks.memories.topics import Topics
from tenants.models import Tenant

NEAREST = 10
REQUEST_WORDS, TEXT_WORDS, QUERY_WORDS = 12, 40, 6
SKEW = 1.0  # of the tenants beside the largest: the second has twice the rows of the third's ...
SIZES = {"1 to 99": (1, 99), "100 to 999": (100, 999), "1,000 and more": (1_000, 10**9)}
# What one would write without this product: of one tenant, no places, no words, no fusion.
PLAIN = """SELECT memory_id FROM agents_memoryvector WHERE tenant_id = %(tenant)s AND dimensions = 384
ORDER BY pattern::halfvec(384) <=> %(pattern)s::halfvec(384) LIMIT 10"""
PLAIN_EXACT = """SELECT memory_id FROM agents_memoryvector WHERE tenant_id = %(tenant)s
ORDER BY (pattern <=> %(pattern)s::halfvec) + 0 LIMIT 10"""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Shape:
    """How many rows of how many tenants; `largest` of them belong to one."""

    rows: int
    tenants: int
    largest: int

    def sizes(self) -> list[int]:
        """Rows of each tenant, the largest first; none is empty."""
        shares = 1 / np.arange(2, self.tenants + 1) ** SKEW
        left = self.rows - self.largest - (self.tenants - 1)
        return [self.largest, *(1 + int(left * share) for share in shares / shares.sum())]


@dataclass
class Owner:
    """A tenant, what it works on, and how many memories it has."""

    tenant: Tenant
    topics: list[int]
    rows: int


def measure(url: str, shape: Shape, *, queries: int, say: Say) -> dict[str, Any]:
    """Return recall against exact search, milliseconds, and their ratio to the plain query, by the tenants' size."""
    topics = Topics()
    with superuser(url) as fill:
        indexes = strip(fill)
        owners = _filled(fill, shape, topics, say)
        build_s = index(fill, indexes)
        say(f"indexed {sum(one.rows for one in owners):,} memories in {build_s:.0f} s")
    groups = {f"{owners[0].rows:,}": [owners[0]]}
    for name, (least, most) in SIZES.items():
        groups[name] = [one for one in owners[1:] if least <= one.rows <= most]
    found = {name: _group(some, topics, queries) for name, some in groups.items() if some}
    every = list(found.values())
    return {
        "recall_at_10": min(one["recall_at_10"] for one in every),
        "hybrid_recall_at_10": min(one["hybrid_recall_at_10"] for one in every),
        "rows": sum(one.rows for one in owners),
        "tenants": len(owners),
        "largest": owners[0].rows,
        "index_build_s": round(build_s, 1),
        "p50_ms": max(one["hybrid_p50_ms"] for one in every),
        "p95_ms": max(one["hybrid_p95_ms"] for one in every),
        "ratio_to_plain": max(one["ratio_to_plain"] for one in every),
        "groups": found,
    }


def _filled(fill: Any, shape: Shape, topics: Topics, say: Say) -> list[Owner]:
    owners = []
    for number, size in enumerate(shape.sizes()):
        tenant = Tenant(slug=f"memory-{number}", name="M", isolation=Tenant.Isolation.POOL)
        tenant.schema_name = f"t_{tenant.pk.hex}"
        mine = topics.of_a_tenant()
        words = iter(topics.words(size * (REQUEST_WORDS + TEXT_WORDS)))
        texts = [
            (" ".join(islice(words, REQUEST_WORDS)), " ".join(islice(words, TEXT_WORDS))) for _ in range(size)
        ]
        fill_tenant(fill, tenant.pk, topics.texts(mine, size), texts)
        owners.append(Owner(tenant, mine, size))
    say(f"filled {shape.rows:,} memories of {shape.tenants:,} tenants")
    return owners


def _group(owners: Sequence[Owner], topics: Topics, queries: int) -> dict[str, Any]:
    """Ask in turn the tenants of one size."""
    rows: list[dict[str, float]] = []
    for number in range(queries):
        owner = owners[number * len(owners) // queries % len(owners)]
        with tenant_context(owner.tenant):
            rows.append(_asked(owner, topics))
    times = {name: [row[name] for row in rows] for name in ("hybrid_ms", "meaning_ms", "plain_ms")}
    return {
        "tenants": len(owners),
        "queries": queries,
        "recall_at_10": statistics.mean(row["recall"] for row in rows),
        "hybrid_recall_at_10": statistics.mean(row["hybrid"] for row in rows),
        **{
            f"{name.removesuffix('ms')}p50_ms": round(statistics.median(one), 3)
            for name, one in times.items()
        },
        **{f"{name.removesuffix('ms')}p95_ms": round(_p95(one), 3) for name, one in times.items()},
        "ratio_to_plain": round(
            statistics.median(times["hybrid_ms"]) / statistics.median(times["plain_ms"]), 2
        ),
        "meaning_ratio_to_plain": round(
            statistics.median(times["meaning_ms"]) / statistics.median(times["plain_ms"]), 2
        ),
    }


def _asked(owner: Owner, topics: Topics) -> dict[str, float]:
    numbers = [float(number) for number in topics.texts(owner.topics, 1)[0]]
    asked = memory.Asked(" ".join(topics.words(QUERY_WORDS)), numbers, MODEL)
    true = nearest(numbers)
    plain_ms, _ = _timed(lambda: _plain(numbers, by_index=owner.rows >= searching.EXACT_BELOW))
    meaning_ms, near = _timed(lambda: memory.search(memory.Asked("", numbers, MODEL), limit=NEAREST))
    hybrid_ms, found = _timed(lambda: memory.search(asked, limit=NEAREST))
    with _looking_at_all():
        best = _keys(memory.search(asked, limit=NEAREST))
    return {
        "recall": len(true & _keys(near)) / len(true),
        "hybrid": len(best & _keys(found)) / len(best),
        "plain_ms": plain_ms,
        "meaning_ms": meaning_ms,
        "hybrid_ms": hybrid_ms,
    }


def _plain(numbers: list[float], *, by_index: bool) -> list[Any]:
    values = {"tenant": tenant_id(), "pattern": HalfVector(numbers).to_text()}
    with transaction.atomic(), connection.cursor() as cursor:
        if by_index:
            cursor.execute(statements.SEARCH)
        cursor.execute(PLAIN if by_index else PLAIN_EXACT, values)
        return list(cursor.fetchall())


@contextmanager
def _looking_at_all() -> Iterator[None]:
    before, searching.EXACT_BELOW = searching.EXACT_BELOW, 10**9
    try:
        yield
    finally:
        searching.EXACT_BELOW = before


def _keys(found: Sequence[memory.Found]) -> set[UUID]:
    return {UUID(str(one.memory.pk)) for one in found}


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    done = work()
    return (time.perf_counter() - begin) * 1_000, done


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[max(0, round(len(times) * 0.95) - 1)]
