"""How a decision turned out: what the router learns from."""

from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Cast

from routing.models.decision import Decision
from tenants.owned import TenantOwned


class Outcome(TenantOwned):
    """What one source says of a decision, written in the transaction of the result that was judged; never changed.

    A decision counts once. The first source that speaks has `counts` 1 and its verdict as `credit`; one that knows
    better and speaks later (a judge over the checks, a person over both) has `counts` 0, and its `credit` is the
    difference: the sums over a cell are its requests and its successes.
    """

    class Source(models.TextChoices):
        """Who speaks, from the least to the most believed."""

        CHECKS = "checks", "checks"
        JUDGE = "judge", "judge"
        FEEDBACK = "feedback", "feedback"

    decision = models.ForeignKey(
        Decision, on_delete=models.CASCADE, db_constraint=False, related_name="outcomes", db_index=False
    )
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.CHECKS)
    model = models.CharField(max_length=80)
    task_kind = models.CharField(max_length=16)
    topic = models.CharField(max_length=40, blank=True)
    success = models.BooleanField(help_text="the verdict of this source, at one half or above")
    verdict = models.DecimalField(max_digits=5, decimal_places=4, help_text="0 to 1, as this source says")
    counts = models.SmallIntegerField(
        default=1, help_text="1: the first word on this decision; 0: a correction"
    )
    credit = models.DecimalField(max_digits=5, decimal_places=4, help_text="what it adds to the successes")
    confidence = models.DecimalField(max_digits=4, decimal_places=2)
    latency_ms = models.PositiveIntegerField(default=0)
    # The transaction that wrote it: readers take in what is older than every running one for good, so that
    # one which commits late is never missed.
    transaction = models.BigIntegerField(
        editable=False,
        db_default=Cast(
            Cast(Func(function="pg_current_xact_id"), models.TextField()), models.BigIntegerField()
        ),
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "decision", "source"], name="one_outcome_per_source"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=10), name="outcome_confidence_0_to_10"
            ),
            models.CheckConstraint(condition=Q(verdict__gte=0, verdict__lte=1), name="verdict_0_to_1"),
            models.CheckConstraint(condition=Q(counts__in=[0, 1]), name="outcome_counts_0_or_1"),
            models.CheckConstraint(condition=Q(credit__gte=-1, credit__lte=1), name="credit_within_1"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "model", "task_kind", "topic", "-id"],
                include=["counts", "credit"],
                name="outcomes_of_cell",
            ),
            models.Index(fields=["tenant", "transaction"], name="outcomes_by_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.model} on {self.task_kind}: {'success' if self.success else 'failure'}"
