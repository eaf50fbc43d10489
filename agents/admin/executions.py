"""Executions: from what was asked to what it cost, with every step."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from agents.admin.control import Control
from agents.admin.execution_page import page_of
from agents.admin.live_acts import acts_view
from agents.admin.live_feed import events_view, since_view
from agents.admin.live_page import film_view, live_view
from agents.models import Execution
from billing.money import format_usd
from miosa.pages.cells import beginning, between
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts


@admin.register(Execution)
class ExecutionAdmin(Control, Columns, Facts):
    """One run of a task."""

    list_display = ("asked", "tenant", "state_", "watch", "confidence_", "parts", "cost", "took", "created_")
    list_filter = ("tenant", "state", "mode", "plan_source", "created")
    search_fields = ("request", "output", "conversation")
    search_help_text = "Search in requests, results and conversations"
    ordering = ("-created",)
    fields = ("request",)

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        begin = "<uuid:execution_id>/live/"
        return (
            (begin, "agents_execution_live", live_view),
            (f"{begin}since/", "agents_execution_live_since", since_view),
            (f"{begin}events/", "agents_execution_live_events", events_view),
            (f"{begin}film/", "agents_execution_live_film", film_view),
            (f"{begin}acts/", "agents_execution_live_acts", acts_view),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Execution]:
        rows: QuerySet[Execution] = super().get_queryset(request).annotate(parts=Count("steps"))
        return rows

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        execution = self.get_object(request, object_id)
        page = page_of(execution) if execution else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **page})

    @display(description="Request", ordering="request")
    def asked(self, row: Execution) -> str:
        return beginning(row.request)

    @display(description="Watch")
    def watch(self, row: Execution) -> SafeString:
        way = reverse("admin:agents_execution_live", args=[row.pk])
        return format_html('<a class="m-link" href="{}">{}</a>', way, "film" if row.finished else "live")

    @display(description="Steps", ordering="parts")
    def parts(self, row: Any) -> int:
        return int(row.parts)

    @display(description="Cost", ordering="cost_micros")
    def cost(self, row: Execution) -> str:
        return format_usd(row.cost_micros)

    @display(description="Time")
    def took(self, row: Execution) -> str:
        return between(row.started, row.finished)
