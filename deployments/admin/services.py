"""Services: a project's places, whether they are well, and the buttons that matter at night."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from deployments import steering
from deployments.admin import looks
from deployments.admin.health_picture import marks_of
from deployments.admin.leading import leading
from deployments.admin.rollback_page import rollback_view
from deployments.admin.service_page import page_of
from deployments.admin.status_page import status_view
from deployments.models import HealthCheck, Service
from miosa.http.problem import Problem
from miosa.pages.answers import after_asking, turn_to
from miosa.pages.beside import Beside
from miosa.pages.cells import NONE, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts, as_tenant
from tenants import audit

MARKS = 30


@admin.register(Service)
class ServiceAdmin(Beside, Columns, Facts):
    """A project's place on a target in one environment."""

    list_display = (
        "what",
        "tenant",
        "environment",
        "target",
        "state_",
        "health_",
        "looks_",
        "address",
        "updated_",
    )
    list_filter = ("tenant", "state", "health", "target", "environment")
    search_fields = ("name", "project__slug", "project__name", "url", "external_id")
    search_help_text = "Search in projects, names and addresses"
    ordering = ("-updated",)
    fields = ("name",)
    list_select_related = ("tenant", "project")
    list_per_page = 30
    actions_detail = ("roll_back", "suspend_service", "resume_service", "status")

    class Media:
        css = {"all": ("miosa/deployments.css",)}

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (
            ("<uuid:service_id>/rollback/", "deployments_service_rollback", rollback_view),
            ("status/<uuid:project_id>/", "deployments_status", status_view),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).select_related("project", "tenant")
        return rows

    def fetch_beside(self, rows: Sequence[Any]) -> None:
        """Fetch the newest looks of all rows at once."""
        known = latest_checks([row.pk for row in rows])
        for row in rows:
            row.latest_checks = known[row.pk]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        page = page_of(row) if row else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **page})

    def has_rollback_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Tell whether this person may roll back, and whether something served before."""
        row = Service.objects.filter(pk=object_id, state=Service.State.ACTIVE).first()
        return request.user.has_perm("deployments.change_service") and bool(row and steering.suggested(row))

    def has_suspend_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return _may(request, object_id, Service.State.ACTIVE)

    def has_resume_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return _may(request, object_id, Service.State.SUSPENDED)

    @leading("Roll back", icon="undo", permission="rollback", danger=True)
    def roll_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to the page that shows what would go back to what, and asks."""
        return turn_to(request, reverse("admin:deployments_service_rollback", args=[object_id]))

    @leading("Status page", icon="vital_signs")
    def status(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to the status page of its project."""
        row = Service.objects.get(pk=object_id)
        return turn_to(request, reverse("admin:deployments_status", args=[row.project_id]))

    @after_asking(
        "Suspend",
        title="Suspend this service?",
        told="It answers nobody until it is resumed. Nothing is lost, and hosting is no longer charged.",
        button="Suspend it",
        icon="pause_circle",
        permission="suspend",
    )
    def suspend_service(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        return self._acted(
            request, object_id, steering.suspend, "Suspended.", "The service is being suspended."
        )

    @after_asking(
        "Resume",
        title="Resume this service?",
        told="It serves the release it served before.",
        button="Resume it",
        icon="play_circle",
        permission="resume",
        harmless=True,
    )
    def resume_service(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        return self._acted(request, object_id, steering.resume, "Resumed.", "The service is being resumed.")

    def _acted(self, request: HttpRequest, object_id: str, act: Any, word: str, told: str) -> HttpResponse:
        row = Service.objects.select_related("tenant").get(pk=object_id)
        try:
            with as_tenant(row.tenant):
                act(row.pk, actor=audit.current_actor())
        except Problem as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, row, word)
            messages.success(request, told)
        return turn_to(request, reverse("admin:deployments_service_change", args=[object_id]))

    @display(description="Project", ordering="project__slug")
    def what(self, row: Service) -> SafeString:
        return format_html('<strong class="m-name">{}</strong>', row.project.slug)

    @display(description="State", ordering="state")
    def state_(self, row: Service) -> SafeString:
        return looks.state(row.state)

    @display(description="Health", ordering="health")
    def health_(self, row: Service) -> SafeString:
        return looks.state(row.health)

    @display(description="Newest looks")
    def looks_(self, row: Any) -> SafeString:
        checks = getattr(row, "latest_checks", ())
        return (
            format_html('<span class="m-strip">{}</span>', marks_of(checks)) if checks else SafeString(NONE)
        )

    @display(description="Address", ordering="url")
    def address(self, row: Service) -> SafeString:
        if not row.url.startswith(("http://", "https://")):
            return SafeString(NONE)
        text = row.url.split("://", 1)[1].rstrip("/")
        shown = text if len(text) <= 40 else text[:39] + "…"  # noqa: PLR2004  (a column's room)
        return format_html(
            '<a class="m-link" href="{}" rel="noreferrer noopener" target="_blank">{}</a>', row.url, shown
        )

    @display(description="Changed", ordering="updated")
    def updated_(self, row: Service) -> SafeString:
        return moment(row.updated)


def latest_checks(services: list[UUID]) -> dict[UUID, list[HealthCheck]]:
    """Return the newest looks of each service from old to new, in one query."""
    ranked = HealthCheck.objects.filter(service_id__in=services).annotate(
        place=Window(RowNumber(), partition_by="service_id", order_by=F("created").desc())
    )
    found: dict[UUID, list[HealthCheck]] = defaultdict(list)
    for row in ranked.filter(place__lte=MARKS).order_by("created"):
        found[row.service_id].append(row)
    return found


def _may(request: HttpRequest, object_id: str | None, state: str) -> bool:
    rows = Service.objects.filter(pk=object_id, state=state)
    return request.user.has_perm("deployments.change_service") and rows.exists()
