"""What is shipped: files, recipe and evidence as they were at one moment."""

from django.db import models
from django.db.models import Q

from deployments.models.project import Project
from tenants.owned import TenantOwned


class Release(TenantOwned):
    """Never changed, never deleted.

    `manifest` is a sorted list of {"path", "digest", "size", "executable"}; `checksum` the SHA-256 of manifest and
    recipe; `evidence` what its tests showed: {"check", "passed", "weight", "detail"}.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, db_constraint=False, related_name="releases", db_index=False
    )
    number = models.PositiveIntegerField()
    checksum = models.CharField(max_length=64)
    manifest = models.JSONField()
    recipe = models.JSONField()
    evidence = models.JSONField(default=list)
    size_bytes = models.BigIntegerField()
    files = models.PositiveIntegerField()
    note = models.CharField(max_length=500, blank=True)
    author = models.CharField(max_length=60, help_text="user:<id>, key:<id> or agent:<kind>")
    execution_id = models.UUIDField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "project", "number"], name="release_number_once"),
            models.CheckConstraint(
                condition=Q(checksum__regex=r"^[0-9a-f]{64}$"), name="release_checksum_is_sha256"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created"], name="releases_by_time"),
            models.Index(fields=["tenant", "execution_id"], name="releases_by_execution"),
        ]

    def __str__(self) -> str:
        return f"release {self.number}"
