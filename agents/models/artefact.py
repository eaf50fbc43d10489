"""A file of an execution."""

from django.db import models

from agents.models.execution import Execution
from agents.models.step import Step
from tenants.owned import TenantOwned


class Artefact(TenantOwned):
    """One version of one path; its bytes stand under their SHA-256 with the other files of the tenant."""

    class Origin(models.TextChoices):
        PERSON = "person", "handed in with the task"
        SOURCE = "source", "fetched from a repository"
        AGENT = "agent", "written by an agent"
        TOOL = "tool", "left by a tool"

    execution = models.ForeignKey(
        Execution, on_delete=models.CASCADE, db_constraint=False, related_name="artefacts", db_index=False
    )
    step = models.ForeignKey(
        Step, on_delete=models.CASCADE, db_constraint=False, related_name="+", db_index=False, null=True
    )
    path = models.CharField(max_length=400)
    number = models.PositiveIntegerField(help_text="version of this path, from 1")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the bytes")
    size_bytes = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    origin = models.CharField(max_length=6, choices=Origin)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "execution", "path", "number"], name="artefact_version_once"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "digest"], name="artefacts_by_digest")]

    def __str__(self) -> str:
        return f"{self.path} v{self.number}"
