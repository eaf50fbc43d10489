"""An answer kept for a repeated POST."""

from django.db import models

from tenants.owned import TenantOwned


class IdempotentRequest(TenantOwned):
    """The first answer to a route and Idempotency-Key, kept for 24 hours."""

    route = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    fingerprint = models.BinaryField(max_length=32, help_text="SHA-256 of the request's body and caller")
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(null=True)
    location = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "route", "key"], name="idempotency_key_once"),
        ]
        indexes = [models.Index(fields=["tenant", "created"], name="idempotent_by_age")]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
