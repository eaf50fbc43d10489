"""A person signed in on one device: a family of refresh tokens that lives and dies together."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.owned import TenantOwned


class Session(TenantOwned):
    """Every access token names its session; a revoked session ends them all at once."""

    class Revoked(models.TextChoices):
        LOGOUT = "logout", "signed out"
        REUSE = "reuse", "an old refresh token came back"
        ADMINISTRATOR = "admin", "ended by an administrator"
        PERSON = "person", "the person got a new password or was deactivated"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    scopes = ArrayField(
        models.CharField(max_length=40), null=True, blank=True, help_text="empty: all scopes of the role"
    )
    user_agent = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_because = models.CharField(max_length=6, choices=Revoked, blank=True)

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "user"], name="sessions_of_person")]

    def __str__(self) -> str:
        return f"{self.user} since {self.created:%Y-%m-%d %H:%M}"


class RefreshToken(TenantOwned):
    """Good for one use; `digest` is HMAC-SHA256 of the whole token."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, db_constraint=False, related_name="tokens")
    digest = models.BinaryField(max_length=32)
    created = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "digest"], name="refresh_token_digest_once"),
        ]

    def __str__(self) -> str:
        return f"refresh token of {self.session_id}"
