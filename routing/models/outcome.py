"""How a decision turned out: what the router learns from."""

from django.db import models
from django.db.models import Q

from routing.models.decision import Decision
from tenants.owned import TenantOwned


class Outcome(TenantOwned):
    """One per decision, written in the transaction of the result that was judged."""

    decision = models.ForeignKey(
        Decision, on_delete=models.CASCADE, db_constraint=False, related_name="+", db_index=False
    )
    model = models.CharField(max_length=80)
    task_kind = models.CharField(max_length=16)
    success = models.BooleanField()
    confidence = models.DecimalField(max_digits=4, decimal_places=2)
    latency_ms = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "decision"], name="one_outcome_per_decision"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=10), name="outcome_confidence_0_to_10"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "model", "task_kind"], name="outcomes_by_cell")]

    def __str__(self) -> str:
        return f"{self.model} on {self.task_kind}: {'success' if self.success else 'failure'}"
