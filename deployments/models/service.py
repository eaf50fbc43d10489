"""A project's place on a target, in one environment."""

from django.db import models
from django.db.models import Q

from deployments.models.project import Project
from tenants.owned import TenantOwned


class Service(TenantOwned):
    """Written before anything is created at the target: `name` is unique there and is looked up before each create."""

    class State(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"
        DESTROYED = "destroyed"

    class Environment(models.TextChoices):
        PREVIEW = "preview"
        STAGING = "staging"
        PRODUCTION = "production"

    class Health(models.TextChoices):
        UNKNOWN = "unknown"
        HEALTHY = "healthy"
        UNHEALTHY = "unhealthy"

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, db_constraint=False, related_name="services", db_index=False
    )
    target = models.CharField(max_length=20)
    environment = models.CharField(max_length=10, choices=Environment, default=Environment.PRODUCTION)
    name = models.CharField(max_length=63, help_text="unique at the target")
    external_id = models.CharField(max_length=120, blank=True, help_text="the target's own name of it")
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    url = models.CharField(max_length=500, blank=True, help_text="its public address")
    current_id = models.UUIDField(null=True, blank=True, help_text="the deployment that serves")
    domains = models.JSONField(default=list, help_text="host names: {name, verified, record}")
    settings = models.JSONField(default=dict, help_text="region, size, limits, canary steps")
    health = models.CharField(max_length=10, choices=Health, default=Health.UNKNOWN)
    failures = models.PositiveIntegerField(default=0, help_text="failed health checks in a row")
    check_after = models.DateTimeField(null=True, blank=True, help_text="when it is looked at again")
    generation = models.PositiveIntegerField(
        default=0, help_text="rises with what is wanted of the service itself"
    )
    settled = models.PositiveIntegerField(default=0, help_text="the generation its target was brought to")
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "project", "target", "environment"],
                condition=~Q(state="destroyed"),
                name="service_once_in_its_place",
            ),
            models.UniqueConstraint(fields=["tenant", "target", "name"], name="service_name_once"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created"], name="services_by_time"),
            models.Index(
                fields=["check_after"], condition=Q(check_after__isnull=False), name="services_to_probe"
            ),
            models.Index(
                fields=["target", "external_id"], condition=~Q(external_id=""), name="services_by_external_id"
            ),
        ]

    def __str__(self) -> str:
        return self.name
