"""Memories of the current tenant, by what they mean and by the words they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from pgvector import HalfVector

from agents.memory import statements
from agents.memory.reach import EVERYWHERE, Reach
from agents.models import Memory
from agents.text.words import content_words
from tenants.owned import current_tenant_id

# Vectors of one tenant: up to here looking at all of them takes a few milliseconds and misses none.
EXACT_BELOW = 20_000
MOST_TERMS = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for: a text, its unit vector where there is one, and the model that made it."""

    text: str = ""
    vector: Sequence[float] = ()
    model: str = ""

    @property
    def terms(self) -> list[str]:
        """The words that tell most: those with digits, then the longest; in the order of the text."""
        found = list(dict.fromkeys(content_words(self.text)))
        told = sorted(found, key=lambda word: (not any(c.isdigit() for c in word), -len(word)))[:MOST_TERMS]
        return [word for word in found if word in told]


@dataclass(frozen=True, slots=True)
class Found:
    """A memory and why it was found. Ranks begin at 1; None where it is not in that list.

    `similarity` is a cosine, None without a vector of that model; `covered` is the share of the words looked for, rare
    ones counting more; score = (1 / (60 + vector rank) + 1 / (60 + text rank)) * recency * weight (of its importance).
    """

    memory: Memory
    score: float
    similarity: float | None
    covered: float | None
    vector_rank: int | None
    text_rank: int | None
    recency: float
    weight: float


def search(
    asked: Asked,
    *,
    reach: Reach = EVERYWHERE,
    limit: int = 10,
    at_least: float = -1.0,
    covered: float = 0.0,
) -> tuple[Found, ...]:
    """Return what can be seen from `reach`, best first: similar by `at_least`, or holding `covered` of the words."""
    tenant_id = current_tenant_id()
    terms = asked.terms
    if tenant_id is None or not (terms or asked.vector):
        return ()
    values = reach.values(tenant_id) | {
        "pattern": HalfVector(list(asked.vector)).to_text() if asked.vector else None,
        "model": asked.model,
        "dimensions": len(asked.vector),
        "limit": limit,
        "pool": max(statements.POOL, limit),
        "at_least": at_least,
        "covered": covered,
        **{f"term_{number}": term for number, term in enumerate(terms)},
    }
    with transaction.atomic():
        return tuple(_found(row) for row in _rows(_way(asked, values), len(terms), values))


def _way(asked: Asked, values: dict[str, Any]) -> str:
    """Choose how the nearest are found."""
    if not asked.vector:
        return "nothing"
    if not statements.indexed(len(asked.vector)):
        return "exact"
    with connection.cursor() as cursor:
        cursor.execute(statements.COUNT, values | {"limit": EXACT_BELOW})
        return "exact" if cursor.fetchone()[0] < EXACT_BELOW else "indexed"


def _rows(way: str, terms: int, values: dict[str, Any]) -> list[Any]:
    """Run the statement; where the index came to its end before enough were seen, look at all of them."""
    sql = statements.statement(by_meaning=way, terms=terms, dimensions=values["dimensions"])
    if way == "indexed":
        with connection.cursor() as cursor:
            cursor.execute(statements.SEARCH)
    rows = list(
        Memory.objects.raw(sql, values)
    )  # the first tells how many are near, even where none was found
    if way == "indexed" and rows[0].near < values["pool"]:
        return _rows("exact", terms, values)
    return [row for row in rows if row.pk]


def _found(row: Any) -> Found:
    return Found(
        memory=row,
        score=float(row.score),
        similarity=None if row.similarity is None else float(row.similarity),
        covered=row.covered,
        vector_rank=row.vector_rank,
        text_rank=row.text_rank,
        recency=float(row.recency),
        weight=float(row.weight),
    )
