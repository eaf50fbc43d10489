"""Who did what, when, where, and what was there before and after; never changed, never deleted."""

from django.db import models
from uuid_utils.compat import uuid7

from tenants.owned import TenantOwned


class AuditFact(models.Model):
    """What both logs hold. `digest` covers every other column and the digest before it."""

    number = models.BigIntegerField(help_text="1, 2, 3 ... without a gap")
    created = models.DateTimeField()
    actor = models.CharField(max_length=60, help_text="user:<id>, key:<id>, staff:<id> or system")
    action = models.CharField(max_length=60, help_text="as in api_key.created")
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=80, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    previous = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.number} {self.action}"


class AuditEntry(AuditFact, TenantOwned):
    """The log of one tenant, chained from its first entry."""

    class Meta(TenantOwned.Meta):
        verbose_name_plural = "audit entries"
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "number"], name="audit_number_once"),
        ]
        indexes = [models.Index(fields=["tenant", "-created"], name="audit_by_time")]


class PlatformAuditEntry(AuditFact):
    """The log of what belongs to no tenant: people, tenants as such, keys of the installation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        verbose_name_plural = "platform audit entries"
        constraints = [models.UniqueConstraint(fields=["number"], name="platform_audit_number_once")]
