"""Steps: each agent's part, and what speaks for its result."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from agents.admin.execution_page import evidence_of
from agents.models import Step
from billing.money import format_usd
from miosa.pages.cells import NONE, block, chips, data, duration, link, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts


@admin.register(Step)
class StepAdmin(Columns, Facts):
    """One agent's part."""

    list_display = (
        "purpose", "tenant", "agent", "state_", "confidence_", "model_", "tokens", "cost", "took", "ended",
    )  # fmt: skip
    list_filter = ("tenant", "agent", "state", "success", "model", "finished")
    search_fields = ("purpose", "instruction", "output")
    search_help_text = "Search in purposes, instructions and results"
    ordering = ("-created",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "tenant",
                    "execution_",
                    ("agent", "state_", "confidence_"),
                    "instruction_",
                    "reason",
                )
            },
        ),
        ("Result", {"fields": ("output_", "error", "suggestions_", "data_")}),
        (
            "How it was made",
            {
                "fields": (
                    ("model_", "decision_", "prompt_version"),
                    ("calls", "tokens", "cost"),
                    ("took", "attempt", "errors"),
                    ("depends_on_", "began", "ended"),
                )
            },
        ),
    )
    change_form_after_template = "admin/parts/evidence.html"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        step = self.get_object(request, object_id)
        page = {"evidence": evidence_of(step)} if step else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **page})

    @display(description="Model", ordering="model")
    def model_(self, row: Step) -> str:
        return row.model or NONE

    @display(description="Cost", ordering="cost_micros")
    def cost(self, row: Step) -> str:
        return format_usd(row.cost_micros)

    @display(description="Time", ordering="execution_ms")
    def took(self, row: Step) -> str:
        return duration(row.execution_ms)

    @display(description="Started", ordering="started")
    def began(self, row: Step) -> SafeString:
        return moment(row.started)

    @display(description="Finished", ordering="finished")
    def ended(self, row: Step) -> SafeString:
        return moment(row.finished)

    @display(description="Execution")
    def execution_(self, row: Step) -> SafeString:
        return link("agents_execution", row.execution, to=row.execution_id)

    @display(description="Routing decision")
    def decision_(self, row: Step) -> SafeString:
        return (
            link("routing_decision", "why this model", to=row.decision_id) if row.decision_id else block("")
        )

    @display(description="Instruction")
    def instruction_(self, row: Step) -> SafeString:
        return block(row.instruction)

    @display(description="Output")
    def output_(self, row: Step) -> SafeString:
        return block(row.output)

    @display(description="Suggestions")
    def suggestions_(self, row: Step) -> SafeString:
        return chips(row.suggestions)

    @display(description="Data")
    def data_(self, row: Step) -> SafeString:
        return data(row.data)

    @display(description="Waits for")
    def depends_on_(self, row: Step) -> SafeString:
        return chips(row.depends_on)
