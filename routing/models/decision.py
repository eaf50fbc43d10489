"""One choice of a model, with everything that explains it."""

from django.db import models
from django.db.models import Q

from tenants.owned import TenantOwned


class Decision(TenantOwned):
    """`ranked` holds the best candidates, each with its six nodes: name, weight, score, reason."""

    task_kind = models.CharField(max_length=16)
    mode = models.CharField(max_length=8)
    requirement = models.JSONField()
    ranked = models.JSONField()
    model = models.CharField(max_length=80, help_text="the model that was chosen")
    provider = models.CharField(max_length=40)
    answered_by = models.CharField(max_length=80, blank=True, help_text="the model that really spoke")
    why = models.TextField()
    propensity = models.FloatField(help_text="probability with which this model was chosen, 0 to 1")
    scoreboard_version = models.CharField(max_length=40)
    execution_id = models.UUIDField(null=True)
    step_id = models.UUIDField(null=True)
    agent = models.CharField(max_length=20, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.CheckConstraint(
                condition=Q(propensity__gt=0, propensity__lte=1), name="propensity_0_to_1"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created"], name="decisions_by_time"),
            models.Index(fields=["tenant", "execution_id"], name="decisions_by_execution"),
        ]

    def __str__(self) -> str:
        return f"{self.model} for {self.task_kind}"
