"""A person's word on one effect, before it happens."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tenants.owned import TenantOwned


class Approval(TenantOwned):
    """Bound to the exact effect by `digest`; decided once, or it expires."""

    class State(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"
        REJECTED = "rejected"
        EXPIRED = "expired"

    kind = models.CharField(max_length=40, help_text="what is asked, like deployment.launch")
    effect = models.JSONField(help_text="exactly what will happen")
    digest = models.CharField(max_length=64, help_text="SHA-256 of kind and effect")
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    requested_by = models.CharField(max_length=60)
    execution_id = models.UUIDField(null=True, blank=True)
    decided_by = models.CharField(max_length=60, blank=True)
    decided = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    expires = models.DateTimeField()
    letters_to = ArrayField(
        models.UUIDField(), null=True, blank=True, help_text="people who still get a letter with their link"
    )
    letters_due = models.DateTimeField(null=True, blank=True, help_text="when those are written next")
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.CheckConstraint(
                condition=Q(state__in=["pending", "expired"], decided__isnull=True)
                | Q(state__in=["approved", "rejected"], decided__isnull=False),
                name="approval_decided_when_said",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created"], name="approvals_by_time"),
            models.Index(fields=["tenant", "execution_id"], name="approvals_by_execution"),
            models.Index(
                fields=["letters_due"], condition=Q(letters_due__isnull=False), name="approvals_to_mail"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.state}"
