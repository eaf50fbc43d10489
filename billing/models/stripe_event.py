"""What Stripe told us, each event once; the platform's, no tenant's."""

from typing import Any, ClassVar

from django.db import models


class StripeEvent(models.Model):
    """The inbox of webhooks. An event is a hint that something changed; what it changed to is read from Stripe."""

    class State(models.TextChoices):
        NEW = "new"
        APPLIED = "applied"
        IGNORED = "ignored", "nothing to do"
        PARKED = "parked"

    id = models.CharField(primary_key=True, max_length=80, help_text="Stripe's id")
    type = models.CharField(max_length=120)
    created = models.DateTimeField(help_text="at Stripe")
    payload = models.JSONField()
    received = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.NEW)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField()
    error = models.CharField(max_length=300, blank=True)
    finished = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_try"], condition=models.Q(state="new"), name="stripe_events_to_apply")
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"
