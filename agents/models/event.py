"""One thing that happened in an execution, in order."""

from django.db import models

from agents.models.execution import Execution
from tenants.owned import TenantOwned


class ExecutionEvent(TenantOwned):
    """`number` counts from 1 without gaps within an execution: a reader resumes after the last it saw."""

    execution = models.ForeignKey(
        Execution, on_delete=models.CASCADE, db_constraint=False, related_name="+", db_index=False
    )
    number = models.BigIntegerField()
    kind = models.CharField(max_length=24)
    data = models.JSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "execution", "number"], name="event_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"
