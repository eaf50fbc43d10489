"""A machine's credential; only its keyed hash is stored."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.owned import TenantOwned


class ApiKey(TenantOwned):
    """`prefix` is what people recognise a key by; `digest` is HMAC-SHA256 of the whole key."""

    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=48)
    digest = models.BinaryField(max_length=32)
    former_digest = models.BinaryField(max_length=32, null=True, editable=False)
    former_until = models.DateTimeField(
        null=True, blank=True, help_text="until then the secret before the last rotation works too"
    )
    scopes = ArrayField(models.CharField(max_length=40))
    parent = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
        help_text="the key that made this one; it ends with it",
    )
    rate_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="empty: the tenant's own limit"
    )
    budget_micros = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        help_text="micro-dollars it may spend in a calendar month (UTC); empty: no limit",
    )
    # Without a person a key is the platform's own: so a person's keys go with the person, and none is left unbound.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        verbose_name = "API key"
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "digest"], name="api_key_digest_once"),
        ]
        indexes = [models.Index(fields=["tenant", "former_digest"], name="api_keys_by_former_digest")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
