"""Projects: what agents and people made, with every version, and put away or brought back."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from deployments import projects
from deployments.admin import looks
from deployments.admin.project_file_page import file_view
from deployments.admin.project_page import page_of
from deployments.models import Project, Service
from miosa.http.problem import Problem
from miosa.pages.answers import after_asking, turn_to
from miosa.pages.beside import Beside
from miosa.pages.cells import NONE, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts, as_tenant


@admin.register(Project)
class ProjectAdmin(Beside, Columns, Facts):
    """Files with versions, a recipe, variables; releases are cut from it."""

    list_display = ("what", "tenant", "releases_", "runs", "kept", "by", "updated_")
    list_filter = ("tenant", ("archived", admin.EmptyFieldListFilter), "created")
    search_fields = ("slug", "name", "description")
    search_help_text = "Search in names and descriptions"
    ordering = ("-updated",)
    fields = ("name",)
    list_per_page = 30
    actions_detail = ("archive_project", "restore_project")

    class Media:
        css = {"all": ("miosa/deployments.css",)}

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (("<uuid:project_id>/file/", "deployments_project_file", file_view),)

    def fetch_beside(self, rows: Sequence[Any]) -> None:
        """Fetch the services of all rows at once."""
        known = _services([row.pk for row in rows])
        for row in rows:
            row.services_here = known[row.pk]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        page = page_of(row) if row else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **page})

    def has_archive_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return _may(request, object_id, archived=False)

    def has_restore_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return _may(request, object_id, archived=True)

    @after_asking(
        "Put away",
        title="Put this project away?",
        told="It takes no more changes, releases and deployments. What serves goes on serving; nothing is lost.",
        button="Put it away",
        icon="inventory_2",
        permission="archive",
    )
    def archive_project(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        return self._acted(request, object_id, projects.archive, "Put away.")

    @after_asking(
        "Bring back",
        title="Bring this project back?",
        told="It can be changed, released and deployed again.",
        button="Bring it back",
        icon="unarchive",
        permission="restore",
        harmless=True,
    )
    def restore_project(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        return self._acted(request, object_id, projects.restore, "Brought back.")

    def _acted(self, request: HttpRequest, object_id: str, act: Any, word: str) -> HttpResponse:
        row = Project.objects.select_related("tenant").get(pk=object_id)
        try:
            with as_tenant(row.tenant):
                act(row.pk)
        except Problem as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, row, word)
            messages.success(request, word)
        return turn_to(request, reverse("admin:deployments_project_change", args=[object_id]))

    @display(description="Project", ordering="slug")
    def what(self, row: Project) -> SafeString:
        return format_html(
            '<strong class="m-name">{}</strong> <span class="m-faint">{}</span>', row.slug, row.name
        )

    @display(description="Releases", ordering="releases_cut")
    def releases_(self, row: Project) -> str:
        return str(row.releases_cut or "–")

    @display(description="Runs")
    def runs(self, row: Any) -> SafeString:
        here: list[Service] = getattr(row, "services_here", [])
        if not here:
            return SafeString(NONE)
        marks = [(looks.state(one.state), one.environment) for one in here]
        return format_html_join(" ", '{} <span class="m-faint">{}</span>', marks)

    @display(description="State", ordering="archived")
    def kept(self, row: Project) -> str:
        return "put away" if row.archived else "in use"

    @display(description="Made by", ordering="created_by")
    def by(self, row: Project) -> str:
        return looks.who(row.created_by)

    @display(description="Changed", ordering="updated")
    def updated_(self, row: Project) -> SafeString:
        return moment(row.updated)


def _services(ids: list[UUID]) -> dict[UUID, list[Service]]:
    found: dict[UUID, list[Service]] = defaultdict(list)
    rows = Service.objects.filter(project_id__in=ids).exclude(state=Service.State.DESTROYED)
    for row in rows.order_by("environment", "target"):
        found[row.project_id].append(row)
    return found


def _may(request: HttpRequest, object_id: str | None, *, archived: bool) -> bool:
    rows: QuerySet[Project] = Project.objects.filter(pk=object_id, archived__isnull=not archived)
    return request.user.has_perm("deployments.change_project") and rows.exists()
