"""What a key, or the tenant as a whole, has spent and set aside on one day, where a day has a cap."""

from django.db import models
from django.db.models import Q

from tenants.owned import TenantOwned


class DayBudget(TenantOwned):
    """`holder` is a key's id, or the tenant's own. The cap is the policy's, as it is at that moment."""

    day = models.DateField(help_text="UTC")
    holder = models.UUIDField()
    spent_micros = models.BigIntegerField(default=0)
    reserved_micros = models.BigIntegerField(default=0)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "day", "holder"], name="one_budget_per_day"),
            models.CheckConstraint(condition=Q(reserved_micros__gte=0), name="day_reserved_not_negative"),
            models.CheckConstraint(condition=Q(spent_micros__gte=0), name="day_spent_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"
