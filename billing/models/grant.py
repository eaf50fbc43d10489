"""Credit that a tenant may use: a plan's allowance, a prepaid pack, a promotion."""

from django.db import models
from django.db.models import F, Q

from tenants.owned import TenantOwned


class Grant(TenantOwned):
    """Burns before others by priority (the smaller first), then by expiry (the sooner first), then by age.

    `remaining_micros` is the balance of the grant's account, kept beside it so that a charge locks one row; the
    ledger's postings are the truth, and `manage.py ledger verify` compares the two.
    """

    class Kind(models.TextChoices):
        ALLOWANCE = "allowance"
        PREPAID = "prepaid"
        PROMOTION = "promotion"

    kind = models.CharField(max_length=9, choices=Kind)
    name = models.CharField(max_length=120)
    amount_micros = models.BigIntegerField(help_text="as it was granted")
    remaining_micros = models.BigIntegerField()
    priority = models.SmallIntegerField(help_text="the smaller burns first")
    source = models.CharField(max_length=40)
    source_id = models.CharField(max_length=80)
    effective = models.DateTimeField()
    expires = models.DateTimeField(null=True, blank=True, help_text="empty: never")
    created = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "source", "source_id"], name="grant_cause_granted_once"
            ),
            models.CheckConstraint(condition=Q(amount_micros__gt=0), name="grant_of_something"),
            models.CheckConstraint(
                condition=Q(remaining_micros__gte=0, remaining_micros__lte=F("amount_micros")),
                name="grant_remains_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(expires__isnull=True) | Q(expires__gt=F("effective")), name="grant_lasts"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "priority", "expires", "created"],
                condition=Q(remaining_micros__gt=0),
                name="grants_to_burn",
            ),
            models.Index(fields=["expires"], condition=Q(remaining_micros__gt=0), name="grants_to_expire"),
        ]

    def __str__(self) -> str:
        return self.name
