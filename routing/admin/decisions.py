"""Choices of a model, one page each; and the pages of pictures over many of them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from miosa.pages.cells import meter
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts
from routing.admin.decision_page import page_of
from routing.admin.reliability_page import reliability_page
from routing.admin.router_page import router_page
from routing.models import Decision


@admin.register(Decision)
class DecisionAdmin(Columns, Facts):
    """One choice of a model."""

    list_display = ("choice", "tenant", "task_kind", "mode", "agent", "propensity_", "created_")
    list_filter = ("tenant", "task_kind", "mode", "model", "agent", "created")
    search_fields = ("model", "why")
    search_help_text = "Search in models and reasons"
    ordering = ("-created",)
    fields = ("why",)

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (
            ("router/", "routing_router", router_page),
            ("reliability/", "routing_reliability", reliability_page),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        decision = self.get_object(request, object_id)
        page = page_of(decision) if decision else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **page})

    @display(description="Model", ordering="model")
    def choice(self, row: Decision) -> str:
        return row.model

    @display(description="Propensity", ordering="propensity")
    def propensity_(self, row: Decision) -> SafeString:
        return meter(row.propensity, f"{row.propensity:.0%}")
