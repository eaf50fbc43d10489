"""Money set aside before work starts."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from billing.models.budget import Budget
from tenants.owned import TenantOwned


class Reservation(TenantOwned):
    """Held until settled or released; after its lease it is expired and no longer counts."""

    class State(models.TextChoices):
        HELD = "held"
        SETTLED = "settled"
        RELEASED = "released"
        EXPIRED = "expired"

    reference = models.CharField(max_length=120, help_text="what the money is for, as in execution:<id>")
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    key_ids = ArrayField(
        models.UUIDField(), default=list, help_text="the API key it is for, and those it descends from"
    )
    day = models.DateField(null=True, help_text="of the budgets of a day that it counts for")
    day_holders = ArrayField(
        models.UUIDField(), default=list, db_default=[], help_text="whose budgets of a day it counts for"
    )
    amount_micros = models.BigIntegerField()
    actual_micros = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.HELD)
    lease_until = models.DateTimeField()
    created = models.DateTimeField(auto_now_add=True)
    closed = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "reference"], name="one_reservation_per_reference"),
            models.CheckConstraint(condition=Q(amount_micros__gte=0), name="reservation_not_negative"),
            models.CheckConstraint(
                condition=Q(state="settled", actual_micros__isnull=False) | ~Q(state="settled"),
                name="settled_reservation_has_amount",
            ),
        ]
        indexes = [models.Index(fields=["lease_until"], condition=Q(state="held"), name="held_reservations")]

    def __str__(self) -> str:
        return f"{self.reference}: {self.state}"
