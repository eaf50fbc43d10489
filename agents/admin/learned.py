"""Lessons and memories: what stays of a step."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.decorators import display

from agents.models import Lesson
from miosa.pages.cells import beginning, data, link, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts


class OfStep(Columns, Facts):
    """A fact about one step."""

    ordering = ("-created",)

    @display(description="Step")
    def step_(self, row: Any) -> SafeString:
        return link("agents_step", row.step.purpose, to=row.step_id)


@admin.register(Lesson)
class LessonAdmin(OfStep):
    """What was learned from a result below the threshold."""

    list_display = ("lesson", "tenant", "agent", "state_", "confidence_", "created_")
    list_filter = ("tenant", "agent", "state", "created")
    search_fields = ("cause", "proposal")
    search_help_text = "Search in causes and proposals"
    fields = (
        ("tenant", "agent"),
        "step_",
        ("state_", "confidence_"),
        "cause",
        "proposal",
        "evidence_",
        ("created_", "studied_"),
    )

    @display(description="Lesson", ordering="cause")
    def lesson(self, row: Lesson) -> str:
        return beginning(row.cause) or str(row)

    @display(description="Studied", ordering="studied")
    def studied_(self, row: Lesson) -> SafeString:
        return moment(row.studied)

    @display(description="Evidence")
    def evidence_(self, row: Lesson) -> SafeString:
        return data(row.evidence)
