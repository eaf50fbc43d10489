"""Deployments: what was sent where, how it went, and the way back."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from deployments import steering
from deployments.admin import looks
from deployments.admin.deployment_page import page_of
from deployments.admin.leading import leading
from deployments.admin.log_tail import log_view
from deployments.lifecycle.states import OPEN
from deployments.models import Deployment
from miosa.http.problem import Problem
from miosa.pages.answers import after_asking, turn_to
from miosa.pages.cells import NONE, beginning, between, link
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts, as_tenant
from tenants import audit

LONG = (
    "release__manifest",
    "release__recipe",
    "release__evidence",
    "service__settings",
    "service__domains",
    "details",
)


@admin.register(Deployment)
class DeploymentAdmin(Columns, Facts):
    """One attempt to bring a release to life."""

    list_display = ("what", "tenant", "state_", "release_", "where", "why", "by", "took", "created_")
    list_filter = (
        "tenant",
        "state",
        "kind",
        "strategy",
        "service__target",
        "service__environment",
        "created",
    )
    search_fields = ("service__name", "service__project__slug", "reason", "external_id")
    search_help_text = "Search in services, projects and reasons"
    ordering = ("-created",)
    fields = ("reason",)
    list_select_related = ("tenant", "service__project", "release")
    actions_detail = ("roll_back_service", "cancel_deployment")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = (
            super().get_queryset(request).select_related("service__project", "release", "tenant")
        )
        match = request.resolver_match
        listed = match is not None and (match.url_name or "").endswith("_changelist")
        return rows.defer(*LONG) if listed else rows.defer("release__manifest")

    class Media:
        css = {"all": ("miosa/deployments.css",)}

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (("<uuid:deployment_id>/log/", "deployments_deployment_log", log_view),)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        page = page_of(request, row) if row else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **page})

    def has_cancel_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Tell whether this person may cancel, and whether there is something to cancel."""
        open_ones = Deployment.objects.filter(pk=object_id, state__in=OPEN)
        return request.user.has_perm("deployments.change_deployment") and open_ones.exists()

    def has_rollback_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Tell whether this person may roll back, and whether it serves and something served before it."""
        row = Deployment.objects.select_related("service").filter(pk=object_id).first()
        if row is None or row.service.current_id != row.pk:
            return False
        return request.user.has_perm("deployments.change_deployment") and bool(
            steering.suggested(row.service)
        )

    @leading("Roll back", icon="undo", permission="rollback", danger=True)
    def roll_back_service(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to the page that shows what would go back to what, and asks."""
        row = Deployment.objects.get(pk=object_id)
        return turn_to(request, reverse("admin:deployments_service_rollback", args=[row.service_id]))

    @after_asking(
        "Cancel",
        title="Cancel this deployment?",
        told="It is called off at its target; what serves now goes on serving.",
        button="Yes, cancel it",
        icon="cancel",
        permission="cancel",
    )
    def cancel_deployment(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        """Cancel as the tenant itself would."""
        row = Deployment.objects.select_related("tenant").get(pk=object_id)
        try:
            with as_tenant(row.tenant):
                steering.cancel(row.pk, actor=audit.current_actor())
        except Problem as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, row, "Canceled.")
            messages.success(request, "The deployment is being canceled.")
        return turn_to(request, reverse("admin:deployments_deployment_change", args=[object_id]))

    @display(description="Project", ordering="service__project__slug")
    def what(self, row: Deployment) -> SafeString:
        return format_html('<strong class="m-name">{}</strong>', row.service.project.slug)

    @display(description="State", ordering="state")
    def state_(self, row: Deployment) -> SafeString:
        return looks.state(row.state)

    @display(description="Release", ordering="release__number")
    def release_(self, row: Deployment) -> str:
        return looks.release_of(row)

    @display(description="Service", ordering="service__target")
    def where(self, row: Deployment) -> SafeString:
        text = f"{row.service.environment} on {row.service.target}"
        return link("deployments_service", text, to=row.service_id)

    @display(description="Reason")
    def why(self, row: Deployment) -> str:
        return beginning(row.reason, most=48) or NONE

    @display(description="By", ordering="requested_by")
    def by(self, row: Deployment) -> str:
        return looks.who(row.requested_by)

    @display(description="Time to live")
    def took(self, row: Deployment) -> str:
        return between(row.created, row.live_since or row.finished)
