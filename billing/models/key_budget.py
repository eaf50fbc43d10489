"""What an API key, and all that descend from it, have spent and set aside in one month."""

from django.db import models
from django.db.models import Q

from billing.models.budget import Budget
from tenants.owned import TenantOwned


class KeyBudget(TenantOwned):
    """A key's part of the tenant's budget. The cap is the key's own `budget_micros`, as it is at that moment."""

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    key_id = models.UUIDField()
    spent_micros = models.BigIntegerField(default=0)
    reserved_micros = models.BigIntegerField(default=0)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "budget", "key_id"], name="one_key_budget_per_month"),
            models.CheckConstraint(
                condition=Q(reserved_micros__gte=0), name="key_budget_reserved_not_negative"
            ),
            models.CheckConstraint(condition=Q(spent_micros__gte=0), name="key_budget_spent_not_negative"),
        ]

    def __str__(self) -> str:
        return f"key {self.key_id}"
