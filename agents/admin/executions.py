"""Executions: from what was asked to what it cost, with every step."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import display

from agents.admin.execution_page import page_of
from agents.models import Execution
from agents.submission import cancel
from billing.money import format_usd
from miosa.http.problem import Problem
from miosa.pages.answers import after_asking, turn_to
from miosa.pages.cells import beginning, between
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts, as_tenant

RUNNING = [Execution.State.PENDING, Execution.State.IN_PROGRESS]


@admin.register(Execution)
class ExecutionAdmin(Columns, Facts):
    """One run of a task."""

    list_display = ("asked", "tenant", "state_", "confidence_", "parts", "cost", "took", "created_")
    list_filter = ("tenant", "state", "mode", "plan_source", "created")
    search_fields = ("request", "output", "conversation")
    search_help_text = "Search in requests, results and conversations"
    ordering = ("-created",)
    fields = ("request",)
    actions_detail = ("cancel_execution",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Execution]:
        rows: QuerySet[Execution] = super().get_queryset(request).annotate(parts=Count("steps"))
        return rows

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        execution = self.get_object(request, object_id)
        page = page_of(execution) if execution else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **page})

    def has_cancel_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Tell whether this person may cancel, and whether there is something to cancel."""
        running = Execution.objects.filter(pk=object_id, state__in=RUNNING)
        return request.user.has_perm("agents.change_execution") and running.exists()

    @after_asking(
        "Cancel",
        title="Cancel this execution?",
        told="Its steps end at once, and what it has used so far is charged. This cannot be undone.",
        button="Yes, end it now",
        icon="cancel",
        permission="cancel",
    )
    def cancel_execution(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        """Cancel as the tenant itself would."""
        execution = Execution.objects.select_related("tenant").get(pk=object_id)
        try:
            with as_tenant(execution.tenant):
                cancel(execution.pk)
        except Problem as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, execution, "Cancelled.")
            messages.success(request, "The execution is cancelled.")
        return turn_to(request, reverse("admin:agents_execution_change", args=[object_id]))

    @display(description="Request", ordering="request")
    def asked(self, row: Execution) -> str:
        return beginning(row.request)

    @display(description="Steps", ordering="parts")
    def parts(self, row: Any) -> int:
        return int(row.parts)

    @display(description="Cost", ordering="cost_micros")
    def cost(self, row: Execution) -> str:
        return format_usd(row.cost_micros)

    @display(description="Time")
    def took(self, row: Execution) -> str:
        return between(row.started, row.finished)
