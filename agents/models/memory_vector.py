"""A memory as a vector of one embeddings model; vectors of several models stand side by side."""

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Func
from django.db.models.functions import Cast
from pgvector.django import HalfVectorField, HnswIndex

from agents.models.memory import Memory
from tenants.owned import TenantOwned

DIMENSIONS = 384  # of the built-in model
# An HNSW index is for one number of dimensions. Those of the usual models have one each; others are compared one by one.
INDEXED_DIMENSIONS = (384, 768, 1024, 1536, 3072)


def _index(dimensions: int) -> HnswIndex:
    fixed = Cast("pattern", HalfVectorField(dimensions=dimensions))
    return HnswIndex(
        OpClass(fixed, name="halfvec_cosine_ops"),
        name=f"memory_vectors_{dimensions}",
        m=16,
        ef_construction=64,
        condition=models.Q(dimensions=dimensions),
    )


class MemoryVector(TenantOwned):
    """`pattern` has unit length; only vectors of the same `model` are ever compared."""

    memory = models.ForeignKey(
        Memory, on_delete=models.CASCADE, db_constraint=False, related_name="vectors", db_index=False
    )
    model = models.CharField(max_length=80, help_text="the embeddings model that made it")
    dimensions = models.PositiveSmallIntegerField()
    pattern = HalfVectorField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "memory", "model"], name="one_vector_of_a_model"),
            models.CheckConstraint(
                condition=models.Q(
                    dimensions=Func(F("pattern"), function="vector_dims", output_field=models.IntegerField())
                ),
                name="memory_vector_has_its_dimensions",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "model", "memory"], name="memory_vectors_by_model"),
            *(_index(dimensions) for dimensions in INDEXED_DIMENSIONS),
        ]

    def __str__(self) -> str:
        return f"{self.memory_id} by {self.model}"
