"""A tenant as Stripe's customer, how it stands there, and how that changed."""

from django.db import models

from tenants.owned import TenantOwned


class Standing(models.TextChoices):
    """What a tenant may do, by how it pays."""

    NONE = "none", "no subscription"
    TRIALING = "trialing", "on trial"
    ACTIVE = "active"
    PAST_DUE = "past_due", "payment is late"
    RESTRICTED = "restricted", "restricted: not paid"
    PAUSED = "paused"
    CANCELED = "canceled"


# Nothing new is begun; what is there can be read, exported and paid.
CLOSED = (Standing.RESTRICTED, Standing.PAUSED)


class BillingAccount(TenantOwned):
    """One per tenant. All but `customer` is copied from Stripe whenever it may have changed there."""

    customer = models.CharField(max_length=80, help_text="Stripe's id")
    standing = models.CharField(max_length=10, choices=Standing, default=Standing.NONE)
    subscription = models.CharField(max_length=80, blank=True, help_text="Stripe's id of the one that counts")
    plan = models.CharField(max_length=40, blank=True, help_text="that is paid for")
    interval = models.CharField(max_length=5, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    started = models.DateTimeField(null=True)
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    trial_end = models.DateTimeField(null=True)
    cancel_at = models.DateTimeField(null=True, help_text="when it ends, if that is decided")
    unpaid_since = models.DateTimeField(null=True, help_text="when the invoice that is late was due")
    read = models.DateTimeField(null=True, help_text="when Stripe was asked last")
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant"], name="one_billing_account_per_tenant"),
        ]

    def __str__(self) -> str:
        return self.customer


class StandingChange(TenantOwned):
    """One transition, with the letter that tells of it."""

    before = models.CharField(max_length=10, choices=Standing)
    after = models.CharField(max_length=10, choices=Standing)
    plan = models.CharField(max_length=40, blank=True)
    until = models.DateTimeField(null=True, help_text="when the next step would come by itself")
    created = models.DateTimeField(auto_now_add=True)
    mailed = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        indexes = [
            models.Index(fields=["created"], condition=models.Q(mailed__isnull=True), name="changes_to_mail")
        ]

    def __str__(self) -> str:
        return f"{self.before} to {self.after}"
