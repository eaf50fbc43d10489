"""Which plan a tenant is on."""

from django.db import models

from billing.models.plan_terms import SLUG
from billing.plans import DEFAULT_PLAN
from tenants.owned import TenantOwned


class Subscription(TenantOwned):
    """One per tenant. A change of plan counts from the next budget on."""

    plan = models.CharField(max_length=40, default=DEFAULT_PLAN, validators=[SLUG])
    since = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant"], name="one_subscription_per_tenant"),
        ]

    def __str__(self) -> str:
        return self.plan
