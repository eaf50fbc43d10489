"""A key that signs access tokens; its public half is published as JWKS."""

from django.db import models


class SigningKey(models.Model):
    """Of the installation, not of a tenant. The oldest that is not retired signs; all that have not expired verify."""

    class Algorithm(models.TextChoices):
        EDDSA = "EdDSA"
        RS256 = "RS256"

    kid = models.CharField(primary_key=True, max_length=40)
    algorithm = models.CharField(max_length=8, choices=Algorithm)
    public_jwk = models.JSONField()
    key_id = models.CharField(max_length=16, help_text="which master key the private half is sealed with")
    private_sealed = models.BinaryField(help_text="encrypted with the master key")
    created = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True, help_text="signs nothing new from then on")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="verifies nothing from then on")

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return self.kid
