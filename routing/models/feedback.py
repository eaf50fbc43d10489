"""What people say of an answer."""

from django.db import models
from django.db.models import Q

from routing.models.decision import Decision
from tenants.owned import TenantOwned


class Feedback(TenantOwned):
    """One per decision: it overrules what checks and judge said of the answer, once."""

    class Scale(models.TextChoices):
        """How the value was given."""

        BOOLEAN = "boolean", "good or bad"
        SCORE = "score", "0 to 10"

    decision = models.ForeignKey(
        Decision, on_delete=models.CASCADE, db_constraint=False, related_name="feedback", db_index=False
    )
    value = models.DecimalField(max_digits=5, decimal_places=4, help_text="0 (bad) to 1 (good)")
    scale = models.CharField(max_length=8, choices=Scale.choices)
    comment = models.TextField(blank=True)
    demonstration = models.TextField(blank=True, help_text="what a good answer would have been")
    given_by = models.CharField(max_length=80)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "decision"], name="one_feedback_per_decision"),
            models.CheckConstraint(condition=Q(value__gte=0, value__lte=1), name="feedback_0_to_1"),
        ]
        indexes = [models.Index(fields=["tenant", "-created"], name="feedback_by_time")]
        verbose_name_plural = "feedback"

    def __str__(self) -> str:
        return f"{self.value} on {self.decision_id}"
