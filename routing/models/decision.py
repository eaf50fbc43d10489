"""One choice of a model, with everything that explains it and makes it again."""

from django.db import models
from django.db.models import Q

from tenants.owned import TenantOwned


class Decision(TenantOwned):
    """`ranked` holds the best candidates, each with its six nodes: name, weight, score, reason.

    `scoreboard_version` names the row of Knowledge it was made from; with `requirement`, `draw` and `prompt` that
    is all the router looked at, so the choice can be made again bit for bit.
    """

    task_kind = models.CharField(max_length=16)
    topic = models.CharField(max_length=40, blank=True, help_text="a part of the kind that is learned apart")
    mode = models.CharField(max_length=8)
    requirement = models.JSONField()
    ranked = models.JSONField()
    order = models.JSONField(default=list, help_text="everybody who may answer: the way of the fallback")
    model = models.CharField(max_length=80, help_text="the model that was chosen")
    provider = models.CharField(max_length=40)
    answered_by = models.CharField(max_length=80, blank=True, help_text="the model that really spoke")
    why = models.TextField()
    propensity = models.FloatField(help_text="probability with which this model was chosen, 0 to 1")
    draw = models.SmallIntegerField(
        null=True, help_text="place in the prepared draws; empty: the best by the rules"
    )
    prompt = models.JSONField(
        null=True,
        help_text="what the prompt itself changed: the fit that was asked, and the shift of each model",
    )
    traits = models.TextField(blank=True, help_text="the prompt's countable features, no words")
    shared_from = models.UUIDField(null=True, help_text="the similar task whose selection this one shares")
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
