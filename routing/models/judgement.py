"""A stronger model's verdict on an answer, asked for a sampled share."""

from django.db import models
from django.db.models import Q

from routing.models.decision import Decision
from tenants.owned import TenantOwned


class Judgement(TenantOwned):
    """Queued in the transaction of the answer; question and answer are dropped when it is judged."""

    class State(models.TextChoices):
        """Forward only."""

        QUEUED = "queued", "queued"
        JUDGED = "judged", "judged"
        SKIPPED = "skipped", "skipped"  # nobody stronger is set up, or it could not be paid
        FAILED = "failed", "failed"  # the judge answered nothing usable

    decision = models.ForeignKey(
        Decision, on_delete=models.CASCADE, db_constraint=False, related_name="judgements", db_index=False
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    question = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    judge = models.CharField(max_length=80, blank=True, help_text="the model that judged")
    judge_decision = models.UUIDField(null=True)
    score = models.DecimalField(max_digits=5, decimal_places=4, null=True, help_text="0 to 1")
    reason = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    rung = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "decision"], name="one_judgement_per_decision"),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=0, score__lte=1), name="judgement_0_to_1"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created"], name="judgements_by_time"),
            models.Index(fields=["created"], condition=Q(state="queued"), name="judgements_queued"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.decision_id}"
