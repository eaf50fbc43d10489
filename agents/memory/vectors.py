"""Vectors of memories, of several models side by side; the only writer of MemoryVector.

Changing the model never leaves a memory unfindable: vectors of the new model are added while those of the old one
stand, and these go only where the memory has one of the model in use.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from pgvector import HalfVector

from agents.memory.embedding import embedded, model_in_use
from agents.models import Memory, MemoryVector
from miosa.http.problem import Conflict

BATCH = 64


def put(memory_id: UUID, pattern: Sequence[float], model: str) -> None:
    """Store a memory's vector of one model; the one that is there already stays. Nothing where there is none."""
    if pattern:
        row = MemoryVector(
            memory_id=memory_id, model=model, dimensions=len(pattern), pattern=HalfVector(list(pattern))
        )
        MemoryVector.objects.bulk_create([row], ignore_conflicts=True)


def replace(memory_id: UUID, pattern: Sequence[float], model: str) -> None:
    """The memory means something else now: its vectors of every model go, and this one comes."""
    MemoryVector.objects.filter(memory_id=memory_id).delete()
    put(memory_id, pattern, model)


def missing(model: str) -> QuerySet[Memory]:
    """Return the current tenant's memories that have no vector of this model."""
    own = MemoryVector.objects.filter(memory_id=OuterRef("pk"), model=model)
    rows: QuerySet[Memory] = Memory.objects.filter(~Exists(own))
    return rows


def reembed(model: str, *, batch: int = BATCH) -> Iterator[int]:
    """Give every memory of the current tenant a vector of `model`; yields how many got one, batch by batch.

    Each batch is committed before the next begins, and what has a vector is passed over: after an interruption it goes
    on where it was. A memory edited meanwhile is embedded anew. Raises EmbeddingsUnavailable.
    """
    after: UUID | None = None
    while True:
        rows = missing(model).order_by("pk").only("pk", "request", "text")
        found = list(rows.filter(pk__gt=after)[:batch] if after else rows[:batch])
        if found:
            yield _given(found, model)
            after = found[-1].pk
        elif after:
            after = None  # once more from the beginning, for what was edited or came in between
        else:
            return


def _given(found: Sequence[Memory], model: str) -> int:
    patterns = embedded([row.meant for row in found], model=model)
    with transaction.atomic():
        rows = Memory.objects.select_for_update().only("pk", "request", "text")
        now = {row.pk: row.meant for row in rows.filter(pk__in=[row.pk for row in found])}
        fresh = [
            MemoryVector(
                memory_id=row.pk, model=model, dimensions=len(pattern), pattern=HalfVector(list(pattern))
            )
            for row, pattern in zip(found, patterns, strict=True)
            if now.get(row.pk) == row.meant
        ]
        MemoryVector.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def drop(model: str, *, batch: int = BATCH) -> Iterator[int]:
    """Delete a former model's vectors of the current tenant where there is one of the model in use.

    Yields how many went, batch by batch. Raises Conflict for the model in use.
    """
    used = model_in_use()
    if model == used:
        raise Conflict(f"{model} is the model in use; set MIOSA_MEMORY_MODEL to another first.")
    newer = MemoryVector.objects.filter(memory_id=OuterRef("memory_id"), model=used)
    rows = MemoryVector.objects.filter(Exists(newer), model=model)
    while keys := list(rows.values_list("pk", flat=True)[:batch]):
        yield int(MemoryVector.objects.filter(pk__in=keys).delete()[0])


def counted() -> dict[str, int]:
    """Return how many vectors the current tenant has, by model."""
    found = MemoryVector.objects.values("model").annotate(number=Count("pk")).order_by("model")
    return {row["model"]: row["number"] for row in found}
