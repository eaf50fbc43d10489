"""What happened to a deployment, in order: changes of state, lines of its log, health checks."""

from django.db import models

from deployments.models.deployment import Deployment
from tenants.owned import TenantOwned


class DeploymentEvent(TenantOwned):
    """`number` counts from 1 within its deployment; a stream resumes after a number."""

    deployment = models.ForeignKey(
        Deployment, on_delete=models.CASCADE, db_constraint=False, related_name="happened", db_index=False
    )
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, help_text="state, health, promoted, note")
    data = models.JSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "deployment", "number"], name="deployment_event_number_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"
