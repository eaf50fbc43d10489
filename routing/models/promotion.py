"""The evaluation of a model at every hundredth request."""

from django.db import models
from django.db.models import Q

from tenants.owned import TenantOwned


class Promotion(TenantOwned):
    """Evidence and verdict: `improved` when the success rate was above the threshold."""

    model = models.CharField(max_length=80)
    requests = models.PositiveIntegerField()
    successes = models.PositiveIntegerField()
    rate = models.FloatField(help_text="successes / requests, 0 to 1")
    improved = models.BooleanField()
    scoreboard_version = models.CharField(max_length=40)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "model", "requests"], name="one_evaluation_per_hundred"
            ),
            models.CheckConstraint(condition=Q(rate__gte=0, rate__lte=1), name="promotion_rate_0_to_1"),
        ]

    def __str__(self) -> str:
        return f"{self.model} at {self.requests}"
