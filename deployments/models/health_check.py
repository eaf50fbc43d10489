"""One look at whether a service answers."""

from django.db import models

from deployments.models.service import Service
from tenants.owned import TenantOwned


class HealthCheck(TenantOwned):
    """`deployment_id` names what was looked at; `status` is HTTP's, 0 where nothing answered."""

    service = models.ForeignKey(
        Service, on_delete=models.CASCADE, db_constraint=False, related_name="checks", db_index=False
    )
    deployment_id = models.UUIDField(null=True, blank=True)
    passed = models.BooleanField()
    status = models.PositiveSmallIntegerField(default=0)
    latency_ms = models.PositiveIntegerField(default=0)
    detail = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        indexes = [
            models.Index(fields=["tenant", "service", "-created"], name="health_checks_by_service"),
            models.Index(fields=["tenant", "deployment_id"], name="health_checks_by_deployment"),
        ]

    def __str__(self) -> str:
        return "healthy" if self.passed else "unhealthy"
