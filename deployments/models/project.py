"""What agents and people build together: files, how they are built, where they go."""

from django.db import models
from django.db.models import Q

from tenants.owned import TenantOwned


class Project(TenantOwned):
    """Its files are FileVersions, its variables secrets of the vault, its past Releases."""

    slug = models.CharField(max_length=40, help_text="lower-case letters, digits and dashes")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    recipe = models.JSONField(default=dict, help_text="how it is built, started and checked")
    settings = models.JSONField(default=dict, help_text="targets, regions, status page")
    files_version = models.PositiveIntegerField(default=0, help_text="rises with every change of a file")
    releases_cut = models.PositiveIntegerField(default=0, help_text="number of the newest release")
    execution_id = models.UUIDField(null=True, blank=True, help_text="the execution that made it")
    created_by = models.CharField(max_length=60, help_text="user:<id>, key:<id> or agent:<kind>")
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)
    archived = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "slug"], name="project_slug_once"),
            models.CheckConstraint(
                condition=Q(slug__regex=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"),
                name="project_slug_is_a_label",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created"], name="projects_by_time"),
            models.Index(fields=["tenant", "execution_id"], name="projects_by_execution"),
        ]

    def __str__(self) -> str:
        return self.slug
