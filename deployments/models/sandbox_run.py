"""One run of code in a sandbox, as it ended."""

from django.db import models

from tenants.owned import TenantOwned


class SandboxRun(TenantOwned):
    """Facts only: the code, what it printed, how long it took."""

    execution_id = models.UUIDField(null=True)
    step_id = models.UUIDField(null=True)
    sandbox = models.CharField(max_length=20)
    code = models.TextField()
    exit_code = models.IntegerField()
    timed_out = models.BooleanField(default=False)
    stdout = models.TextField(blank=True)
    stderr = models.TextField(blank=True)
    duration_ms = models.PositiveIntegerField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        indexes = [
            models.Index(fields=["tenant", "-created"], name="sandbox_runs_by_time"),
            models.Index(fields=["tenant", "execution_id"], name="sandbox_runs_by_execution"),
        ]

    def __str__(self) -> str:
        return f"{self.sandbox}: exit {self.exit_code}"
