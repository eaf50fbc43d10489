"""One thing asked of Stripe that must not happen twice."""

from django.db import models

from tenants.owned import TenantOwned


class StripeCall(TenantOwned):
    """A POST to Stripe. The row's id is the idempotency key: whoever asks again with it gets the first answer.

    The id is made from the tenant, the cause and the attempt, so that a row that was lost with its transaction is the
    same row again.
    """

    class State(models.TextChoices):
        SENT = "sent", "sent, no answer yet"
        ANSWERED = "answered"
        REFUSED = "refused"

    cause = models.CharField(max_length=160)
    attempt = models.PositiveSmallIntegerField(default=1)
    method = models.CharField(max_length=60, help_text="of the SDK's client")
    params = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.SENT)
    answer = models.JSONField(default=dict, help_text="what was kept of it")
    error = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "cause", "attempt"], name="stripe_asked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.method}: {self.cause}"
