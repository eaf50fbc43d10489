"""Releases: what was cut, by whom, from what evidence, and what each changed."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from deployments import releases
from deployments.admin import looks
from deployments.admin.costs import size_told as size
from deployments.admin.leading import leading
from deployments.admin.release_archive import archive_view
from deployments.admin.release_diff_page import diff_view
from deployments.admin.release_page import page_of
from deployments.models import Release
from miosa.pages.answers import turn_to
from miosa.pages.cells import beginning, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts, as_tenant


@admin.register(Release)
class ReleaseAdmin(Columns, Facts):
    """Files, recipe and evidence as they were when it was cut; nothing of it changes any more."""

    list_display = ("what", "tenant", "number_", "files_", "note_", "by", "created_")
    list_filter = ("tenant", "created")
    search_fields = ("project__slug", "project__name", "note", "checksum")
    search_help_text = "Search in projects, notes and checksums"
    ordering = ("-created",)
    fields = ("note",)
    list_select_related = ("tenant", "project")
    list_per_page = 30
    actions_detail = ("compare", "verify")

    class Media:
        css = {"all": ("miosa/deployments.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).select_related("project", "tenant")
        match = request.resolver_match
        listed = match is not None and (match.url_name or "").endswith("_changelist")
        return rows.defer("manifest", "recipe", "evidence") if listed else rows

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (
            ("<uuid:release_id>/diff/", "deployments_release_diff", diff_view),
            ("<uuid:release_id>/archive/", "deployments_release_archive", archive_view),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        page = page_of(row) if row else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **page})

    @leading("Compare", icon="difference")
    def compare(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to what it changes."""
        return turn_to(request, reverse("admin:deployments_release_diff", args=[object_id]))

    @leading("Verify", icon="verified")
    def verify(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Compute checksum and bytes again, and say whether they are what they were."""
        row = Release.objects.select_related("tenant", "project").get(pk=object_id)
        with as_tenant(row.tenant):
            faults = releases.faults_of(row)
        if faults:
            messages.error(request, f"It is not what it was when it was cut: {'; '.join(faults[:5])}")
        else:
            messages.success(
                request, "Checksum and the bytes of every file are what they were when it was cut."
            )
        return turn_to(request, reverse("admin:deployments_release_change", args=[object_id]))

    @display(description="Project", ordering="project__slug")
    def what(self, row: Release) -> SafeString:
        return format_html('<strong class="m-name">{}</strong>', row.project.slug)

    @display(description="Release", ordering="number")
    def number_(self, row: Release) -> str:
        return str(row.number)

    @display(description="Files", ordering="files")
    def files_(self, row: Release) -> str:
        return f"{row.files}, {size(row.size_bytes)}"

    @display(description="Note")
    def note_(self, row: Release) -> str:
        return str(beginning(row.note))

    @display(description="Cut by", ordering="author")
    def by(self, row: Release) -> str:
        return looks.who(row.author)

    @display(description="Cut", ordering="created")
    def created_(self, row: Release) -> SafeString:
        return moment(row.created)
