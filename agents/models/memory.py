"""A stored result, found again by the meaning of its task."""

from django.db import models
from django.db.models import Q
from pgvector.django import HalfVectorField, HnswIndex

from agents.models.step import Step
from tenants.owned import TenantOwned

DIMENSIONS = 384


class Memory(TenantOwned):
    """`pattern` is the embedding of what was asked; `embedded_by` names the model that made it."""

    step = models.ForeignKey(
        Step, on_delete=models.CASCADE, db_constraint=False, related_name="+", db_index=False
    )
    agent = models.CharField(max_length=20)
    request = models.TextField()
    output = models.TextField()
    confidence = models.DecimalField(max_digits=4, decimal_places=2)
    pattern = HalfVectorField(dimensions=DIMENSIONS)
    embedded_by = models.CharField(max_length=40)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        verbose_name_plural = "memories"
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "step"], name="one_memory_per_step"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=10), name="memory_confidence_0_to_10"
            ),
        ]
        indexes = [
            HnswIndex(
                name="memory_pattern_hnsw",
                fields=["pattern"],
                m=16,
                ef_construction=64,
                opclasses=["halfvec_cosine_ops"],
            ),
            models.Index(fields=["tenant", "agent", "created"], name="memories_by_agent"),
        ]

    def __str__(self) -> str:
        return self.request[:60]
