"""What was learned from a result below the threshold, or from a step that the agent could not do."""

from django.db import models

from agents.models.step import Step
from tenants.owned import TenantOwned


class Lesson(TenantOwned):
    """Queued with the result that caused it, exactly once; written by the improvement analysis."""

    class State(models.TextChoices):
        QUEUED = "queued", "waits to be studied"
        STUDIED = "studied"

    step = models.ForeignKey(
        Step, on_delete=models.CASCADE, db_constraint=False, related_name="+", db_index=False
    )
    agent = models.CharField(max_length=20)
    confidence = models.DecimalField(
        max_digits=4, decimal_places=2, null=True, help_text="empty where the step ended in an error"
    )
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    rung = models.DateTimeField(null=True)
    cause = models.TextField(blank=True)
    proposal = models.TextField(blank=True)
    evidence = models.JSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True)
    studied = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "step"], name="one_lesson_per_step"),
        ]
        indexes = [
            models.Index(fields=["tenant", "agent", "created"], name="lessons_by_agent"),
            models.Index(fields=["created"], condition=models.Q(state="queued"), name="lessons_queued"),
        ]

    def __str__(self) -> str:
        return self.cause[:60] or f"about {self.agent}"
