"""Every change of standing, with its evidence: evaluations, overtakings, demotions, weights, and what was taken back."""

from django.db import models
from django.db.models import Q

from tenants.owned import TenantOwned


class Promotion(TenantOwned):
    """Evidence and verdict. A row is never changed: taking it back is another row that names it in `reverts`."""

    class Kind(models.TextChoices):
        """What changed."""

        EVALUATION = "evaluation", "evaluation"  # every hundredth request of a model
        OVERTAKING = "overtaking", "overtaking"  # a model is surely better than another in an area
        SHIFT = "shift", "shift"  # a model's last outcomes do not fit its record
        WEIGHTS = "weights", "weights"
        PROMPTS = "prompts", "prompts"  # what prompts teach is used from now on, or no longer
        REVERSAL = "reversal", "reversal"

    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.EVALUATION)
    model = models.CharField(max_length=80, blank=True)
    over = models.CharField(max_length=80, blank=True, help_text="the model that was overtaken")
    area = models.CharField(max_length=60, blank=True, help_text="kind of task, or kind/topic")
    requests = models.PositiveIntegerField(default=0)
    successes = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    rate = models.FloatField(default=0, help_text="successes / requests, 0 to 1")
    low = models.FloatField(null=True, help_text="lower end of the 95 % interval of the rate")
    high = models.FloatField(null=True, help_text="upper end of it")
    improved = models.BooleanField(default=False)
    discount = models.FloatField(null=True, help_text="a shift: what evidence before `since` still counts")
    since = models.UUIDField(null=True, help_text="a shift: the first outcome that counts in full")
    scoreboard_version = models.CharField(max_length=40, blank=True, help_text="the scoreboard before")
    scoreboard_after = models.CharField(max_length=40, blank=True)
    details = models.JSONField(default=dict)
    reverts = models.UUIDField(null=True, help_text="the row that this one takes back")
    actor = models.CharField(max_length=80, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "model", "requests"],
                condition=Q(kind="evaluation"),
                name="one_evaluation_per_hundred",
            ),
            models.UniqueConstraint(
                fields=["tenant", "reverts"], condition=Q(reverts__isnull=False), name="taken_back_once"
            ),
            models.CheckConstraint(condition=Q(rate__gte=0, rate__lte=1), name="promotion_rate_0_to_1"),
            models.CheckConstraint(
                condition=Q(discount__isnull=True) | Q(discount__gte=0, discount__lte=1),
                name="promotion_discount_0_to_1",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "-created"], name="promotions_by_time")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.model or self.area or 'weights'}"
