"""One version of one file of a project."""

from django.db import models
from django.db.models import Q

from deployments.models.project import Project
from tenants.owned import TenantOwned


class FileVersion(TenantOwned):
    """The newest number of a path is the file as it is now; an empty `digest` means that it was deleted."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, db_constraint=False, related_name="versions", db_index=False
    )
    path = models.CharField(max_length=400)
    number = models.PositiveIntegerField(help_text="the project's files_version after this change")
    digest = models.CharField(max_length=64, blank=True, help_text="of its FileContent")
    size_bytes = models.PositiveIntegerField(default=0)
    executable = models.BooleanField(default=False)
    author = models.CharField(max_length=60, help_text="user:<id>, key:<id> or agent:<kind>")
    execution_id = models.UUIDField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "project", "path", "number"], name="file_version_once"),
            models.CheckConstraint(
                condition=Q(digest="") | Q(digest__regex=r"^[0-9a-f]{64}$"),
                name="file_version_digest_is_sha256",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "project", "-number"], name="file_versions_by_number"),
            models.Index(fields=["tenant", "digest"], name="file_versions_by_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.path} ({self.number})"
