"""One line that a deployment's build or program wrote."""

from django.db import models

from deployments.models.deployment import Deployment
from tenants.owned import TenantOwned


class DeploymentLog(TenantOwned):
    """`number` counts from 1 within its deployment; older lines go when there are too many."""

    deployment = models.ForeignKey(
        Deployment, on_delete=models.CASCADE, db_constraint=False, related_name="lines", db_index=False
    )
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    stream = models.CharField(max_length=8, help_text="build, out, err, target or miosa")
    text = models.TextField()

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "deployment", "number"], name="deployment_log_number_once"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]
