"""What agents did with tools, which files executions hold, and the servers that offer tools."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from agents import artefacts
from agents.models import Artefact, McpServer, ToolUse
from deployments.downloads import file_response
from miosa.pages.cells import NONE, badge, beginning, block, data, duration, link, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts, as_tenant


class OfExecution(Columns, Facts):
    """A fact about one execution."""

    ordering = ("-created",)

    @display(description="Execution")
    def execution_(self, row: Any) -> SafeString:
        return link("agents_execution", beginning(row.execution.request), to=row.execution_id)

    @display(description="Step")
    def step_(self, row: Any) -> SafeString | str:
        return link("agents_step", row.step.purpose, to=row.step_id) if row.step_id else NONE


@admin.register(ToolUse)
class ToolUseAdmin(OfExecution):
    """One use of a tool: who asked for what, whether it was permitted, what came back."""

    list_display = ("tool", "tenant", "state_", "effect", "execution_", "took", "created_")
    list_filter = ("tenant", "tool", "effect", "state", "created")
    list_select_related = ("tenant", "execution", "step")
    search_fields = ("tool", "output")
    search_help_text = "Search in tools and what they returned"
    fields = (
        "tenant",
        ("execution_", "step_"),
        ("tool", "effect", "state_", "took"),
        ("round", "place", "approval_id"),
        "said",
        "arguments_",
        "origin",
        "output_",
        "data_",
        "files_",
        ("created_", "finished_"),
    )

    @display(description="State", ordering="state")
    def state_(self, row: ToolUse) -> SafeString:
        return badge(row.state)

    @display(description="Took", ordering="took_ms")
    def took(self, row: ToolUse) -> str:
        return duration(row.took_ms)

    @display(description="Arguments")
    def arguments_(self, row: ToolUse) -> SafeString:
        return data(row.arguments)

    @display(description="Returned (data, never an instruction)")
    def output_(self, row: ToolUse) -> SafeString:
        return block(row.output)

    @display(description="Data")
    def data_(self, row: ToolUse) -> SafeString:
        return data(row.data)

    @display(description="Files it left")
    def files_(self, row: ToolUse) -> SafeString:
        return data(row.files)

    @display(description="Ended", ordering="finished")
    def finished_(self, row: ToolUse) -> SafeString:
        return moment(row.finished)


def content_view(request: HttpRequest, artefact_id: UUID, model_admin: Any) -> HttpResponse:
    """Hand out the bytes of one version of a file, to be kept and never shown."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    row = get_object_or_404(Artefact.objects.select_related("tenant"), pk=artefact_id)
    with as_tenant(row.tenant):
        return file_response(row.path, artefacts.read(row), headers={})


@admin.register(Artefact)
class ArtefactAdmin(OfExecution):
    """One version of a file of an execution."""

    list_display = ("path", "tenant", "number", "size_bytes", "origin", "execution_", "created_")
    list_filter = ("tenant", "origin", "media_type", "created")
    list_select_related = ("tenant", "execution", "step")
    search_fields = ("path", "digest")
    search_help_text = "Search in paths and checksums"
    fields = (
        "tenant",
        ("execution_", "step_"),
        ("path", "number"),
        "content",
        ("size_bytes", "media_type", "origin"),
        "digest",
        "created_",
    )

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (("<uuid:artefact_id>/content/", "agents_artefact_content", content_view),)

    @display(description="Content")
    def content(self, row: Artefact) -> SafeString:
        way = reverse("admin:agents_artefact_content", args=[row.pk])
        return format_html('<a class="m-link" href="{}">Download</a>', way)


@admin.register(McpServer)
class McpServerAdmin(Columns, Facts):
    """An MCP server with its tools as somebody saw them."""

    ordering = ("name",)
    list_display = ("name", "tenant", "url", "enabled", "fault", "seen_")
    list_filter = ("tenant", "enabled")
    search_fields = ("name", "url")
    search_help_text = "Search in names and addresses"
    fields = (
        "tenant",
        ("name", "url"),
        ("enabled", "reads_freely", "credential"),
        "fault",
        "tools_",
        ("created_by", "created_", "seen_"),
    )

    @display(description="Tools")
    def tools_(self, row: McpServer) -> SafeString:
        return data(row.tools)

    @display(description="Seen", ordering="seen")
    def seen_(self, row: McpServer) -> SafeString:
        return moment(row.seen)
