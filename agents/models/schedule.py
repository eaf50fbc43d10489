"""A task that is handed in again and again."""

from django.db import models
from django.db.models import Q

from agents.models.execution import Execution
from tenants.owned import TenantOwned


class Schedule(TenantOwned):
    """What is handed in, and when. `next_due` is by the database's clock; without one nothing is due."""

    class Missed(models.TextChoices):
        ONCE = "once", "one run stands for all that were missed"
        SKIP = "skip", "what was missed is not made up for"

    class Overlap(models.TextChoices):
        SKIP = "skip", "no run while the last one is under way"
        ALLOW = "allow", "runs may be under way at once"

    name = models.CharField(max_length=80)
    request = models.TextField()
    parameters = models.JSONField(default=dict)
    mode = models.CharField(max_length=8, choices=Execution.Mode, default=Execution.Mode.BALANCE)
    conversation = models.CharField(max_length=80, blank=True)
    deploy = models.BooleanField(default=False, help_text="whether the result shall go online")
    target = models.CharField(max_length=20, default="local", help_text="where to, if it shall")
    environment = models.CharField(
        max_length=10, choices=Execution.Environment, default=Execution.Environment.PREVIEW
    )
    most_micros = models.BigIntegerField(null=True, help_text="the most one run may cost; the plan's without")
    cron = models.CharField(max_length=120, blank=True, help_text="minute hour day month weekday")
    interval_s = models.PositiveIntegerField(null=True, help_text="seconds from one run to the next")
    timezone = models.CharField(max_length=64, default="UTC", help_text="in which the expression is read")
    enabled = models.BooleanField(default=True)
    missed = models.CharField(max_length=4, choices=Missed, default=Missed.ONCE)
    overlap = models.CharField(max_length=5, choices=Overlap, default=Overlap.SKIP)
    next_due = models.DateTimeField(null=True)
    last_fired = models.DateTimeField(null=True)
    rung = models.DateTimeField(null=True, help_text="when a message was last sent for it")
    created_by = models.CharField(max_length=60, help_text="user:<id> or key:<id>, for whom it runs")
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "name"], name="schedule_name_once"),
            models.CheckConstraint(
                condition=Q(cron="", interval_s__gt=0) | (~Q(cron="") & Q(interval_s__isnull=True)),
                name="schedule_by_cron_or_interval",
            ),
            models.CheckConstraint(
                condition=Q(enabled=True, next_due__isnull=False) | Q(enabled=False, next_due__isnull=True),
                name="enabled_schedule_is_due",
            ),
        ]
        indexes = [
            models.Index(fields=["next_due"], condition=Q(enabled=True), name="schedules_due"),
            models.Index(fields=["tenant", "-created"], name="schedules_by_time"),
        ]

    def __str__(self) -> str:
        return self.name


class ScheduleFiring(TenantOwned):
    """What came of one due time; there is one row for each, whoever noticed it and however often."""

    class State(models.TextChoices):
        OPENED = "opened", "an execution was opened"
        REFUSED = "refused", "the task was not accepted"
        SKIPPED = "skipped", "the last run was still under way"
        MISSED = "missed", "it was noticed too late"

    schedule = models.ForeignKey(
        Schedule, on_delete=models.CASCADE, db_constraint=False, related_name="firings", db_index=False
    )
    due = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State)
    by_hand = models.BooleanField(default=False, help_text="whether somebody asked for it now")
    requested_by = models.CharField(max_length=60)
    execution_id = models.UUIDField(null=True)
    stands_for = models.PositiveIntegerField(default=1, help_text="due times that it stands for")
    reason = models.CharField(max_length=500, blank=True, help_text="why no execution was opened")
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "schedule", "due"], name="schedule_fires_once"),
            models.CheckConstraint(
                condition=Q(state="opened", execution_id__isnull=False)
                | (~Q(state="opened") & Q(execution_id__isnull=True)),
                name="opened_firing_has_execution",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "schedule", "-created"], name="firings_by_time")]

    def __str__(self) -> str:
        return f"{self.due:%Y-%m-%d %H:%M} {self.state}"
