"""Memories by their meaning: the victim's own vector must find nothing of the victim's."""

from django_tenants.utils import tenant_context
from pgvector import HalfVector

from agents import memory
from agents.models import Memory
from miosa.doctor.attack import Attack, Found, Ground, Missed
from miosa.doctor.statements import tried

SURFACE = "recall"
EVERYTHING = -1.0  # the least cosine there is
NEAREST = (
    "SELECT request || output FROM agents_memory ORDER BY pattern <=> %(pattern)s::halfvec LIMIT %(limit)s"
)


def attacks(ground: Ground) -> Found:
    """Through the application's own function, and through its statements with the victim's tenant in their place."""
    row = ground.victim.rows.get(Memory)
    if row is None:
        yield Missed(SURFACE, "agents_memory", "the victim has no memory to look for")
        return
    pattern = [float(number) for number in HalfVector(list(row.pattern)).to_list()]
    with tenant_context(ground.victim.tenant):
        if not any(ground.victim.canary in one.output for one in memory.recall(pattern, at_least=EVERYTHING)):
            yield Missed(SURFACE, "agents_memory", "the victim does not recall its own memory")
    with tenant_context(ground.attacker.tenant):
        found = memory.recall(pattern, limit=20, at_least=EVERYTHING)
    told = ground.told(" ".join(f"{one.request} {one.output}" for one in found))
    yield Attack(SURFACE, "agents.memory.recall", "the victim's vector", bool(told), f"{len(found)} recalled")
    values = {"pattern": HalfVector(pattern).to_text(), "limit": 20}
    for name, sql in (("exact", memory.EXACT), ("indexed", memory.INDEXED), ("without a filter", NEAREST)):
        for whose in (ground.victim, ground.attacker):
            answer = tried(sql, values | {"tenant": whose.tenant.pk}, tenant=ground.attacker.tenant)
            if answer.hollow:
                yield Missed(SURFACE, "agents_memory", answer.detail)
            leaked = bool(ground.told(" ".join(str(row) for row in answer.rows)))
            what = "the victim's id in it" if whose is ground.victim else "its own id in it"
            yield Attack(SURFACE, "agents_memory", f"{name}, {what}", leaked, answer.detail)
