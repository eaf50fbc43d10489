"""One attempt to bring a release to life on a service."""

from django.db import models
from django.db.models import Q

from deployments.models.release import Release
from deployments.models.service import Service
from tenants.owned import TenantOwned

OPEN = ("queued", "building", "releasing")
BUSY = ("building", "releasing")


class Deployment(TenantOwned):
    """Its state only moves forward; failed, canceled and superseded are final, live ends in superseded.

    A worker owns it until `lease_until`; `fence` rises with each claim, and nothing is written by a worker whose
    fence is not the row's. The row is the truth, a message only makes a worker look at it.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        BUILDING = "building"
        RELEASING = "releasing"
        LIVE = "live"
        FAILED = "failed"
        CANCELED = "canceled"
        SUPERSEDED = "superseded"

    class Kind(models.TextChoices):
        DEPLOY = "deploy"
        ROLLBACK = "rollback"

    class Strategy(models.TextChoices):
        DIRECT = "direct"
        BLUE_GREEN = "blue_green"
        CANARY = "canary"

    service = models.ForeignKey(
        Service, on_delete=models.CASCADE, db_constraint=False, related_name="deployments", db_index=False
    )
    release = models.ForeignKey(
        Release, on_delete=models.CASCADE, db_constraint=False, related_name="deployments", db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.DEPLOY)
    strategy = models.CharField(max_length=10, choices=Strategy, default=Strategy.DIRECT)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    reason = models.TextField(blank=True, help_text="why it failed, was canceled or was made")
    external_id = models.CharField(max_length=120, blank=True, help_text="the target's own name of it")
    details = models.JSONField(default=dict, help_text="what the target wants back, and how far it came")
    url = models.CharField(max_length=500, blank=True)
    percent = models.PositiveSmallIntegerField(default=0, help_text="its share of the traffic")
    back_to_id = models.UUIDField(
        null=True, blank=True, help_text="of a rollback: the deployment it goes back to"
    )
    caused_by_id = models.UUIDField(
        null=True, blank=True, help_text="of a rollback by itself: the one that failed"
    )
    approval_id = models.UUIDField(null=True, blank=True)
    execution_id = models.UUIDField(null=True, blank=True, help_text="the execution that asked: its trace")
    requested_by = models.CharField(max_length=60, help_text="user:<id>, key:<id>, agent:<kind> or system")
    log_lines = models.PositiveIntegerField(default=0, help_text="number of lines written so far")
    log_cursor = models.CharField(max_length=200, blank=True, help_text="how far the target's log was read")
    events = models.PositiveIntegerField(default=0, help_text="number of changes written so far")

    cancel_asked = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0, help_text="times a worker took it")
    errors = models.PositiveIntegerField(default=0, help_text="errors of the target in a row")
    fence = models.BigIntegerField(default=0)
    run_after = models.DateTimeField(
        null=True, blank=True, help_text="by the database's clock; none when it ended"
    )
    rung = models.DateTimeField(null=True, blank=True, help_text="when a message was last sent for it")
    lease_owner = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    created = models.DateTimeField(auto_now_add=True)
    build_started = models.DateTimeField(null=True, blank=True)
    release_started = models.DateTimeField(null=True, blank=True)
    live_since = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(
        null=True, blank=True, help_text="when it failed, was canceled or was superseded"
    )

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "service"], condition=Q(state__in=BUSY), name="one_deployment_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["tenant", "service"], condition=Q(state="live"), name="one_live_deployment"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[*OPEN, "live"], finished__isnull=True)
                | Q(state__in=["failed", "canceled", "superseded"], finished__isnull=False),
                name="deployment_finished_when_ended",
            ),
            models.CheckConstraint(condition=Q(percent__lte=100), name="deployment_percent_to_100"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created"], name="deployments_by_time"),
            models.Index(fields=["tenant", "service", "-created"], name="deployments_by_service"),
            models.Index(fields=["tenant", "release"], name="deployments_by_release"),
            models.Index(fields=["tenant", "execution_id"], name="deployments_by_execution"),
            models.Index(fields=["run_after"], condition=Q(run_after__isnull=False), name="deployments_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
