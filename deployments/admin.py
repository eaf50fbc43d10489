"""The admin's page of code that ran."""

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.decorators import display

from deployments.models import SandboxRun
from miosa.pages.cells import badge, beginning, block, duration, link
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts


@admin.register(SandboxRun)
class SandboxRunAdmin(Columns, Facts):
    """One run of code in a sandbox."""

    list_display = ("program", "tenant", "sandbox", "ended", "took", "created_")
    list_filter = ("tenant", "sandbox", "timed_out", "created")
    search_fields = ("code", "stdout", "stderr")
    search_help_text = "Search in code and what it printed"
    ordering = ("-created",)
    fields = (
        ("tenant", "sandbox"),
        ("ended", "took", "created_"),
        "code_",
        "stdout_",
        "stderr_",
        "execution_",
    )

    @display(description="Code")
    def program(self, row: SandboxRun) -> str:
        return beginning(row.code, most=60)

    @display(description="Ended", ordering="exit_code")
    def ended(self, row: SandboxRun) -> SafeString:
        if row.timed_out:
            return badge("timed out")
        return badge("failed" if row.exit_code else "completed", text=f"exit {row.exit_code}")

    @display(description="Time", ordering="duration_ms")
    def took(self, row: SandboxRun) -> str:
        return duration(row.duration_ms)

    @display(description="Execution")
    def execution_(self, row: SandboxRun) -> SafeString:
        return link("agents_execution", "open", to=row.execution_id) if row.execution_id else block("")

    @display(description="Code")
    def code_(self, row: SandboxRun) -> SafeString:
        return block(row.code)

    @display(description="Printed")
    def stdout_(self, row: SandboxRun) -> SafeString:
        return block(row.stdout)

    @display(description="Errors")
    def stderr_(self, row: SandboxRun) -> SafeString:
        return block(row.stderr)
