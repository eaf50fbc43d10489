"""Bytes of files, once for each tenant, by what they are."""

from django.db import models
from django.db.models import Q

from tenants.owned import TenantOwned


class FileContent(TenantOwned):
    """`digest` is the SHA-256 of the content; two files with the same bytes share a row. Never changed."""

    digest = models.CharField(max_length=64, help_text="SHA-256, hexadecimal")
    size_bytes = models.PositiveIntegerField()
    content = models.BinaryField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "digest"], name="file_content_once"),
            models.CheckConstraint(
                condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="file_content_digest_is_sha256"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.digest[:12]} ({self.size_bytes} bytes)"
