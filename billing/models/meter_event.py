"""Usage on its way to Stripe."""

from django.db import models

from tenants.owned import TenantOwned


class UsageToTell(TenantOwned):
    """What one entry of the ledger adds; written with the entry, gone once it is added up to a MeterEvent."""

    micros = models.BigIntegerField(help_text="negative in a reversal")
    moment = models.DateTimeField(help_text="of the entry")

    def __str__(self) -> str:
        return str(self.micros)


class MeterEvent(TenantOwned):
    """One minute of a tenant's usage, in micro-dollars. The id is Stripe's `identifier`: it counts it once."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        REFUSED = "refused"
        OLD = "old", "too old for Stripe"
        UNSURE = "unsure", "no answer within a day"

    minute = models.DateTimeField()
    micros = models.BigIntegerField()
    entries = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    first_tried = models.DateTimeField(null=True)
    next_try = models.DateTimeField(null=True, help_text="empty: at once")
    error = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField()
    sent = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        indexes = [
            models.Index(fields=["tenant", "minute"], name="meter_events_by_minute"),
            models.Index(
                fields=["next_try"], condition=models.Q(state="waiting"), name="meter_events_to_send"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M}: {self.micros}"
