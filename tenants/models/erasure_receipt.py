"""Proof that a tenant was erased; it outlives the tenant and holds none of its data."""

from django.db import models
from uuid_utils.compat import uuid7


class ErasureReceipt(models.Model):
    """What was deleted, counted by table; `signature` is HMAC-SHA256 over the document."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    former_tenant = models.UUIDField(db_index=True, help_text="one that was brought back may be erased again")
    slug = models.CharField(max_length=48)
    document = models.JSONField()
    signature = models.BinaryField(max_length=32)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return self.slug
