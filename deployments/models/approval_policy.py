"""What a tenant wants to be asked about beforehand."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tenants.owned import TenantOwned


class ApprovalPolicy(TenantOwned):
    """One rule for each kind of effect; it takes the place of the default for that kind."""

    class Kind(models.TextChoices):
        SPEND = "spend", "what one execution may cost"
        TOOL = "tool", "tools that agents use"
        DEPLOY = "deploy", "deployments"
        MESSAGE = "message", "what is said to somebody outside"

    kind = models.CharField(max_length=8, choices=Kind)
    asks = models.BooleanField(default=True, help_text="off: nobody is asked about effects of this kind")
    above_micros = models.BigIntegerField(
        null=True, help_text="asked above it; of spend, and of a tool's cost"
    )
    tool_kinds = ArrayField(
        models.CharField(max_length=10), default=list, help_text="asked for tools that ..."
    )
    environments = ArrayField(models.CharField(max_length=10), default=list, help_text="asked for these")
    waits_s = models.PositiveIntegerField(default=86_400, help_text="so long an answer is waited for")
    created_by = models.CharField(max_length=60)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        verbose_name_plural = "approval policies"
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "kind"], name="one_approval_policy_per_kind"),
            models.CheckConstraint(
                condition=Q(above_micros__isnull=True) | Q(above_micros__gte=0),
                name="approval_above_not_negative",
            ),
            models.CheckConstraint(condition=Q(waits_s__gte=60), name="approval_waits_a_minute"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {'asks' if self.asks else 'nobody is asked'}"
