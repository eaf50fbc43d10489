"""The admin's page of code that ran."""

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.decorators import display

from billing.price_list import rates_at
from billing.rates import price_micros
from deployments.admin.sandbox_run_results import results
from deployments.models import SandboxRun
from miosa.pages.cells import NONE, badge, beginning, block, chips, duration, link
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts

MICROS = 1_000_000


@admin.register(SandboxRun)
class SandboxRunAdmin(Columns, Facts):
    """One run of code or commands in a sandbox."""

    list_display = ("program", "tenant", "language", "ended", "took", "box", "created_")
    list_filter = ("tenant", "state", "language", "sandbox", "timed_out", "created")
    search_fields = ("code", "stdout", "stderr")
    search_help_text = "Search in code and what it printed"
    ordering = ("-created",)
    fields = (
        ("tenant", "sandbox", "language"),
        ("ended", "took", "box", "cost", "created_"),
        ("requested_by", "files_count", "hosts_"),
        "code_",
        "error_",
        "stdout_",
        "stderr_",
        "results_",
        "execution_",
    )

    @display(description="Program")
    def program(self, row: SandboxRun) -> str:
        return beginning(_program(row), most=60)

    @display(description="Ended", ordering="state")
    def ended(self, row: SandboxRun) -> SafeString:
        if row.state != SandboxRun.State.COMPLETED:
            return badge(row.state, hint=row.error[:200])
        if row.timed_out:
            return badge("timed out")
        return badge("failed" if row.exit_code else "completed", text=f"exit {row.exit_code}")

    @display(description="Time", ordering="duration_ms")
    def took(self, row: SandboxRun) -> str:
        return duration(row.duration_ms)

    @display(description="Box", ordering="box_ms")
    def box(self, row: SandboxRun) -> str:
        return duration(row.box_ms)

    @display(description="Cost")
    def cost(self, row: SandboxRun) -> str:
        return f"${price_micros('sandbox_ms', row.box_ms, rates_at(row.finished)) / MICROS:.6f}"

    @display(description="Network")
    def hosts_(self, row: SandboxRun) -> SafeString:
        return chips(row.hosts) if row.hosts else SafeString(NONE)

    @display(description="Execution")
    def execution_(self, row: SandboxRun) -> SafeString:
        return link("agents_execution", "open", to=row.execution_id) if row.execution_id else block("")

    @display(description="Program")
    def code_(self, row: SandboxRun) -> SafeString:
        return block(_program(row))

    @display(description="Not carried out")
    def error_(self, row: SandboxRun) -> SafeString:
        return block(row.error)

    @display(description="Printed")
    def stdout_(self, row: SandboxRun) -> SafeString:
        return block(row.stdout)

    @display(description="Errors")
    def stderr_(self, row: SandboxRun) -> SafeString:
        return block(row.stderr)

    @display(description="Results")
    def results_(self, row: SandboxRun) -> SafeString:
        return results(row.results)


def _program(row: SandboxRun) -> str:
    return row.code or "\n".join(row.commands)
