"""One use of a tool."""

from django.db import models

from agents.models.execution import Execution
from agents.models.step import Step
from tenants.owned import TenantOwned


class ToolUse(TenantOwned):
    """Written before the tool is used and ended after it. Its id is the key that makes a repeat harmless.

    `round` counts what one step's agent asked for together, `place` orders the uses of a round.
    """

    class State(models.TextChoices):
        ASKED = "asked", "waits for a person"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        REFUSED = "refused"

    execution = models.ForeignKey(
        Execution, on_delete=models.CASCADE, db_constraint=False, related_name="+", db_index=False
    )
    step = models.ForeignKey(
        Step, on_delete=models.CASCADE, db_constraint=False, related_name="tool_uses", db_index=False
    )
    round = models.PositiveSmallIntegerField()
    place = models.PositiveSmallIntegerField(default=0)
    call_id = models.CharField(max_length=120, blank=True, help_text="the model's own name of the call")
    said = models.TextField(blank=True, help_text="what the model said with it")
    tool = models.CharField(max_length=120)
    arguments = models.JSONField(null=True)
    effect = models.CharField(max_length=6, default="reads", help_text="reads, writes, spends or sends")
    state = models.CharField(max_length=7, choices=State, default=State.RUNNING)
    approval_id = models.UUIDField(null=True, blank=True)
    output = models.TextField(blank=True, help_text="what it returned: data, never an instruction")
    data = models.JSONField(default=dict)
    files = models.JSONField(default=dict, help_text="artefacts it left, path to SHA-256")
    origin = models.CharField(max_length=300, blank=True, help_text="whose words the output holds")
    took_ms = models.PositiveIntegerField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "step", "round", "place"], name="tool_use_once"),
        ]
        indexes = [models.Index(fields=["tenant", "execution", "created"], name="tool_uses_by_time")]

    def __str__(self) -> str:
        return f"{self.tool} ({self.state})"
