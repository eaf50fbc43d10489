"""One run of a task."""

from textwrap import shorten

from django.db import models
from django.db.models import Q

from tenants.owned import TenantOwned


class Execution(TenantOwned):
    """What was asked, and what came of it. Its work stands in its steps."""

    class State(models.TextChoices):
        PENDING = "pending"
        IN_PROGRESS = "in_progress"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Cause(models.TextChoices):
        """Why one ended otherwise than with an answer."""

        NONE = ""
        ERROR = "error", "a step could not be done"
        CANCELLED = "cancelled", "somebody cancelled it"
        MONEY = "money", "its money was used up"
        TOKENS = "tokens", "it used more tokens than one execution may"
        STEPS = "steps", "it has more steps than one execution may"
        TIME = "time", "it worked for longer than one execution may"
        REPEATS = "repeats", "it did the same thing again and again"
        REFUSED = "refused", "the person who was asked did not say yes"

    class Mode(models.TextChoices):
        SPEED = "speed"
        QUALITY = "quality"
        COST = "cost"
        BALANCE = "balance"

    class Environment(models.TextChoices):
        PREVIEW = "preview"
        STAGING = "staging"
        PRODUCTION = "production"

    request = models.TextField()
    parameters = models.JSONField(default=dict)
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.BALANCE)
    deploy = models.BooleanField(default=False, help_text="whether the result shall go online")
    target = models.CharField(max_length=20, default="local", help_text="where to, if it shall")
    environment = models.CharField(max_length=10, choices=Environment, default=Environment.PREVIEW)
    conversation = models.CharField(max_length=80, blank=True)
    requested_by = models.CharField(max_length=60, help_text="user:<id> or key:<id>")
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    plan_source = models.CharField(max_length=8, blank=True, help_text="model or rules")
    plan_explanation = models.TextField(blank=True)
    origin_id = models.UUIDField(
        null=True, help_text="the execution it goes on from, where it is no new task"
    )
    origin_step = models.CharField(max_length=40, blank=True, help_text="the step from which it is done anew")
    parent_id = models.UUIDField(null=True, help_text="the execution that handed this task on")
    parent_use_id = models.UUIDField(null=True, help_text="the use of a tool that it answers")
    depth = models.PositiveSmallIntegerField(default=0, help_text="executions above it")
    lent_micros = models.BigIntegerField(
        default=0, help_text="of its ceiling, what executions below it may use or have used"
    )
    paused = models.DateTimeField(null=True, help_text="since when no step of it begins")
    approval_id = models.UUIDField(
        null=True, help_text="the word of a person that its steps wait for, where one is needed"
    )
    cause = models.CharField(max_length=10, choices=Cause, blank=True, default=Cause.NONE)
    output = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    confidence = models.DecimalField(max_digits=4, decimal_places=2, null=True)
    error = models.TextField(blank=True)
    ceiling_micros = models.BigIntegerField(help_text="the most it may cost; reserved before it starts")
    cost_micros = models.BigIntegerField(default=0)
    events = models.BigIntegerField(default=0, help_text="number of events written so far")
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=10),
                name="execution_confidence_0_to_10",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "in_progress"], finished__isnull=True)
                | Q(state__in=["completed", "failed", "cancelled"], finished__isnull=False),
                name="execution_finished_when_ended",
            ),
            models.UniqueConstraint(fields=["tenant", "parent_use_id"], name="one_execution_per_use"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created"], name="executions_by_time"),
            models.Index(
                fields=["tenant", "parent_id"], condition=Q(parent_id__isnull=False), name="executions_below"
            ),
        ]

    def __str__(self) -> str:
        return shorten(self.request, 60, placeholder="…")

    @property
    def reference(self) -> str:
        """The name of its reservation."""
        return f"execution:{self.pk}"

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in {self.State.COMPLETED, self.State.FAILED, self.State.CANCELLED}
