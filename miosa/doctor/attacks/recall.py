"""Memories by meaning and by words: the victim's own vector and its own words must find nothing of the victim's."""

from collections.abc import Iterator
from typing import Any

from django_tenants.utils import tenant_context
from pgvector import HalfVector

from agents import memory
from agents.memory import statements
from agents.models import MemoryVector
from miosa.doctor.attack import Attack, Found, Ground, Missed
from miosa.doctor.statements import tried

SURFACE = "recall"
EVERYTHING = -1.0  # the least cosine there is
NEAREST = """SELECT m.request || m.text FROM agents_memoryvector v JOIN agents_memory m ON m.id = v.memory_id
ORDER BY v.pattern <=> %(pattern)s::halfvec LIMIT %(limit)s"""
WORDS = "SELECT request || text FROM agents_memory WHERE words @@ phraseto_tsquery('simple', %(term_0)s)"


def attacks(ground: Ground) -> Found:
    """Through the application's own function, and through its statements with the victim's tenant in their place."""
    row = ground.victim.rows.get(MemoryVector)
    if row is None:
        yield Missed(SURFACE, "agents_memory", "the victim has no memory to look for")
        return
    pattern, word = (
        [float(number) for number in HalfVector(list(row.pattern)).to_list()],
        ground.victim.canary,
    )
    for what, text, vector in (("vector", "", pattern), ("words", word, ())):
        with tenant_context(ground.victim.tenant):
            # A recall would be noted in the row, and nothing here may change the victim's.
            own = memory.search(memory.Asked(text, vector, row.model))
        if not any(word in one.memory.text for one in own):
            yield Missed(SURFACE, "agents_memory", f"the victim does not recall its own memory by its {what}")
        with tenant_context(ground.attacker.tenant):
            found = memory.recall(text, vector, limit=20, at_least=EVERYTHING)
        told = ground.told(" ".join(f"{one.request} {one.output}" for one in found))
        yield Attack(
            SURFACE, "agents.memory.recall", f"the victim's {what}", bool(told), f"{len(found)} recalled"
        )
    yield from _statements(ground, row, pattern)


def _statements(ground: Ground, row: Any, pattern: list[float]) -> Iterator[Attack | Missed]:
    values: dict[str, Any] = {
        "pattern": HalfVector(pattern).to_text(), "limit": 20, "pool": 50, "model": row.model,
        "dimensions": row.dimensions, "term_0": ground.victim.canary, "at_least": EVERYTHING, "covered": 0,
        "project": None, "conversation": "", "kind": "",
    }  # fmt: skip
    ways = [
        (way, statements.statement(by_meaning=way, terms=1, dimensions=row.dimensions))
        for way in ("exact", "indexed")
    ]
    for name, sql in (*ways, ("nearest without a filter", NEAREST), ("words without a filter", WORDS)):
        for whose in (ground.victim, ground.attacker):
            answer = tried(sql, values | {"tenant": whose.tenant.pk}, tenant=ground.attacker.tenant)
            if answer.hollow:
                yield Missed(SURFACE, "agents_memory", answer.detail)
            leaked = bool(ground.told(" ".join(str(row) for row in answer.rows)))
            what = "the victim's id in it" if whose is ground.victim else "its own id in it"
            yield Attack(SURFACE, "agents_memory", f"{name}, {what}", leaked, answer.detail)
