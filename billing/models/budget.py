"""What a tenant may spend in one month, and what of it is spent or set aside."""

from django.db import models
from django.db.models import Q

from tenants.owned import TenantOwned


class Budget(TenantOwned):
    """One row per tenant and month: the row that reservations are decided on, in one statement."""

    month = models.DateField(help_text="first day of the month, UTC")
    cap_micros = models.BigIntegerField(help_text="the allowance, credit from elsewhere, and overage allowed")
    allowance_micros = models.BigIntegerField(default=0, help_text="of the cap: what the plan allows")
    spent_micros = models.BigIntegerField(default=0)
    reserved_micros = models.BigIntegerField(default=0)
    executions_cap = models.BigIntegerField(null=True, blank=True, help_text="empty: no limit")
    executions_used = models.BigIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "month"], name="one_budget_per_month"),
            models.CheckConstraint(condition=Q(reserved_micros__gte=0), name="budget_reserved_not_negative"),
            models.CheckConstraint(condition=Q(spent_micros__gte=0), name="budget_spent_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def left_micros(self) -> int:
        """What could still be reserved."""
        return self.cap_micros - self.spent_micros - self.reserved_micros
