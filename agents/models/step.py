"""One agent's part of an execution."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Q

from agents.models.execution import Execution
from tenants.owned import TenantOwned


class Step(TenantOwned):
    """The row is the truth; the broker's message only makes a worker look at it.

    A worker owns a running step until `lease_until`; `fence` rises with each claim, and nothing is
    written by a worker whose fence is not the row's.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waits for other steps"
        READY = "ready", "waits for a worker"
        HELD = "held", "waits until its execution goes on"
        RUNNING = "running"
        COMPLETED = "completed"
        FAILED = "failed"
        SKIPPED = "skipped", "skipped, since a step it needs failed"
        CANCELLED = "cancelled"

    execution = models.ForeignKey(
        Execution, on_delete=models.CASCADE, db_constraint=False, related_name="steps", db_index=False
    )
    key = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField()
    agent = models.CharField(max_length=20)
    purpose = models.CharField(max_length=200, help_text="its part, in a few words")
    instruction = models.TextField(help_text="what the agent is told")
    reason = models.TextField(blank=True, help_text="why this agent was chosen")
    expects = models.CharField(
        max_length=300, blank=True, help_text="what shall be shown when it is done, as planned"
    )
    depends_on = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    permits = ArrayField(
        models.CharField(max_length=120),
        default=list,
        blank=True,
        help_text="tools that change something which the plan lets it use without asking",
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)

    attempt = models.PositiveIntegerField(default=0, help_text="times a worker took it")
    errors = models.PositiveIntegerField(default=0, help_text="times it ended in an error")
    fence = models.BigIntegerField(default=0)
    run_after = models.DateTimeField(db_default=TransactionNow(), help_text="by the database's clock")
    rung = models.DateTimeField(null=True, help_text="when a message was last sent for it")
    lease_owner = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)

    waits_for = models.CharField(
        max_length=300, blank=True, help_text="what a step waits for between two tries"
    )

    success = models.BooleanField(null=True)
    output = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    evidence = models.JSONField(default=list)
    suggestions = models.JSONField(default=list)
    error = models.TextField(blank=True)
    cause = models.CharField(max_length=10, choices=Execution.Cause, blank=True, default=Execution.Cause.NONE)
    confidence = models.DecimalField(max_digits=4, decimal_places=2, null=True)
    execution_ms = models.PositiveIntegerField(null=True)
    model = models.CharField(max_length=80, blank=True, help_text="model of its last call")
    decision_id = models.UUIDField(null=True, help_text="routing decision of its last call")
    prompt_version = models.CharField(max_length=12, blank=True)
    calls = models.PositiveIntegerField(default=0)
    tokens = models.PositiveIntegerField(default=0)
    cost_micros = models.BigIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "execution", "key"], name="step_key_once"),
            models.CheckConstraint(
                condition=Q(state="running", lease_until__isnull=False)
                | (~Q(state="running") & Q(lease_until__isnull=True)),
                name="running_step_has_lease",
            ),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=10),
                name="step_confidence_0_to_10",
            ),
            models.CheckConstraint(
                condition=~Q(state="completed") | Q(confidence__isnull=False, success__isnull=False),
                name="completed_step_has_result",
            ),
        ]
        indexes = [
            models.Index(fields=["run_after"], condition=Q(state="ready"), name="steps_ready"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="steps_leased"),
            models.Index(fields=["tenant", "agent", "finished"], name="steps_by_agent"),
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.agent})"
