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
    scopes = ArrayField(models.CharField(max_length=40))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
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

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
