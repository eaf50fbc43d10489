"""How a tenant wants its models chosen; where there is no row, the product's own rules hold."""

from django.db import models
from django.db.models import Q

from tenants.owned import TenantOwned

MOST_EXPLORED = 0.10


class Policy(TenantOwned):
    """One row per tenant."""

    weights = models.JSONField(null=True, blank=True, help_text="by mode, then by node; each mode sums to 1")
    most_explored = models.FloatField(
        default=MOST_EXPLORED, help_text="share of decisions that may try another model, 0 to 1"
    )
    gives_counts = models.BooleanField(
        default=True, help_text="its counts (never its texts) help others begin"
    )
    takes_counts = models.BooleanField(default=True, help_text="it begins with what others' counts say")
    judge_share = models.FloatField(
        default=0, help_text="share of answers that a stronger model judges, 0 to 1"
    )
    changed = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant"], name="one_policy_per_tenant"),
            models.CheckConstraint(
                condition=Q(most_explored__gte=0, most_explored__lte=1), name="most_explored_0_to_1"
            ),
            models.CheckConstraint(
                condition=Q(judge_share__gte=0, judge_share__lte=1), name="judge_share_0_to_1"
            ),
        ]
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return f"{self.tenant}"
