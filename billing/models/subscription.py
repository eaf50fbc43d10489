"""Which plan a tenant is on."""

from django.core.exceptions import ValidationError
from django.db import models

from billing.plans import DEFAULT_PLAN, plans
from tenants.owned import TenantOwned


def check_plan(slug: str) -> None:
    """Refuse a plan that plans.toml does not know."""
    if slug not in plans():
        raise ValidationError(f"There is no plan {slug!r}; there are {', '.join(plans())}.")


class Subscription(TenantOwned):
    """One per tenant. A change of plan counts from the next budget on."""

    plan = models.CharField(max_length=40, default=DEFAULT_PLAN, validators=[check_plan])
    since = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant"], name="one_subscription_per_tenant"),
        ]

    def __str__(self) -> str:
        return self.plan
