"""Terms that were agreed with one tenant, beside its plan's."""

from django.db import models
from django.db.models import F, Q

from billing.plans import LIMITS
from billing.rates import UNITS
from tenants.owned import TenantOwned

RATE = "rate:"  # the beginning of a term that is the price of a unit
TERMS = [
    *((name, f"Limit: {name.replace('_', ' ')}") for name in LIMITS),
    *((f"{RATE}{name}", f"Price: {unit}") for name, unit in UNITS.items()),
]


class Agreement(TenantOwned):
    """Overrides one term of the tenant's plan, or one price of use, from `effective` until `expires`."""

    term = models.CharField(max_length=60, choices=TERMS)
    value = models.BigIntegerField(
        null=True, blank=True, help_text="in the term's unit, money in micro-dollars; empty: no limit"
    )
    reason = models.CharField(max_length=200)
    effective = models.DateTimeField(help_text="UTC")
    expires = models.DateTimeField(null=True, blank=True, help_text="UTC; empty: never")
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.CheckConstraint(
                condition=Q(expires__isnull=True) | Q(expires__gt=F("effective")), name="agreement_lasts"
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(value__gte=0), name="agreement_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | ~Q(term__startswith=RATE), name="agreed_price_is_one"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "effective"], name="agreements_by_time")]

    def __str__(self) -> str:
        return f"{self.term}: {'no limit' if self.value is None else self.value}"
