"""One run of code in a sandbox: what was asked, who works on it, and how it ended."""

from django.db import models

from tenants.owned import TenantOwned


class SandboxRun(TenantOwned):
    """Code (a cell of a kernel) or commands (a shell's, one after another) with their files.

    A `detached` run is worked on by whoever answers its bell; of the others somebody waits for the end. `fence` counts
    who took it on, so that a worker thought dead writes nothing. Output and results are kept with limits.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        COMPLETED = "completed"  # it ran to an end, whatever its exit code
        FAILED = "failed"  # it could not be run; `error` says why
        CANCELLED = "cancelled"

    state = models.CharField(max_length=12, choices=State, default=State.COMPLETED)
    detached = models.BooleanField(default=False)
    execution_id = models.UUIDField(null=True, blank=True)
    step_id = models.UUIDField(null=True, blank=True)
    requested_by = models.CharField(max_length=200, blank=True)
    sandbox = models.CharField(max_length=20)
    language = models.CharField(max_length=20, default="python")
    code = models.TextField(blank=True)
    commands = models.JSONField(default=list, blank=True)
    files = models.JSONField(default=dict, blank=True, help_text="text by path; of a detached run only")
    files_count = models.PositiveIntegerField(default=0)
    hosts = models.JSONField(default=list, blank=True, help_text="what it may call")
    timeout_s = models.FloatField(default=10)
    exit_code = models.IntegerField(null=True, blank=True)
    timed_out = models.BooleanField(default=False)
    truncated = models.BooleanField(default=False)
    stdout = models.TextField(blank=True)
    stderr = models.TextField(blank=True)
    results = models.JSONField(default=list, blank=True, help_text="rich results: one object of formats each")
    error = models.TextField(blank=True)
    duration_ms = models.PositiveIntegerField(default=0, help_text="of the code or commands")
    box_ms = models.PositiveIntegerField(default=0, help_text="of the box's life: what is charged")
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    rung = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        indexes = [
            models.Index(fields=["tenant", "-created"], name="sandbox_runs_by_time"),
            models.Index(fields=["tenant", "execution_id"], name="sandbox_runs_by_execution"),
            models.Index(
                fields=["created"],
                name="sandbox_runs_open",
                condition=models.Q(state__in=("queued", "running")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sandbox}: " + (self.state if self.exit_code is None else f"exit {self.exit_code}")

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in {self.State.QUEUED, self.State.RUNNING}
