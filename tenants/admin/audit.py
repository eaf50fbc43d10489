"""The audit logs: read, searched, exported; nobody changes them, here or anywhere."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from miosa.pages.cells import block, chips, data
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts
from miosa.pg.platform import platform
from tenants import audit
from tenants.audit.chain import PLATFORM
from tenants.audit.exporting import FORMATS
from tenants.audit.watching import last_found
from tenants.models import AuditEntry, PlatformAuditEntry

CHUNK = 200  # entries


class Log(Columns, Facts):
    """One kind of log."""

    list_before_template = "admin/parts/verified.html"
    search_fields = ("actor", "action", "object_id", "request_id")
    search_help_text = "Search in actors, actions, objects and request ids"
    ordering = ("-created", "-number")
    actions = ("export_json_lines", "export_csv")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        page: Any = {**(extra_context or {}), "verified": last_found(self.chain_of(request))}
        return super().changelist_view(request, page)

    def chain_of(self, request: HttpRequest) -> str:
        """Return the chain that the list is narrowed to; empty for several."""
        return request.GET.get("tenant__id__exact", "")

    @admin.action(description="Export as JSON lines", permissions=["view"])
    def export_json_lines(self, request: HttpRequest, queryset: Any) -> StreamingHttpResponse:
        return self._exported(queryset, "jsonl")

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: Any) -> StreamingHttpResponse:
        return self._exported(queryset, "csv")

    def _exported(self, queryset: Any, form: str) -> StreamingHttpResponse:
        kind = str(self.opts.verbose_name_plural)
        audit.record_platform(
            "audit.exported",
            actor=audit.current_actor(),
            object_type="audit_log",
            after={"log": kind, "entries": queryset.count(), "format": form},
        )
        # Sent after the middleware has left the platform, so the login is named here.
        rows = queryset.using("platform").order_by("created", "number")
        answer = StreamingHttpResponse(_streamed(rows, form), content_type="text/plain; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{kind.replace(" ", "-")}.{form}"'
        answer["Cache-Control"] = "no-store"
        return answer

    @display(description="Object", ordering="object_id")
    def object_(self, row: Any) -> str:
        return f"{row.object_type} {row.object_id}".strip()

    @display(description="Action", ordering="action")
    def action_(self, row: Any) -> SafeString:
        return chips([row.action])

    @display(description="Before")
    def before_(self, row: Any) -> SafeString:
        return data(row.before)

    @display(description="After")
    def after_(self, row: Any) -> SafeString:
        return data(row.after)

    @display(description="Digests")
    def digests(self, row: Any) -> SafeString:
        return block(f"before  {bytes(row.previous).hex()}\nof this {bytes(row.digest).hex()}")


@admin.register(AuditEntry)
class AuditEntryAdmin(Log):
    """What was done in tenants, each in a chain of its own."""

    list_display = ("number", "tenant", "action_", "object_", "actor", "address", "created_")
    list_filter = ("tenant", "action", "created")
    fields = (
        ("tenant", "number", "created_"),
        ("action_", "actor"),
        ("object_type", "object_id"),
        "before_",
        "after_",
        ("request_id", "address"),
        "digests",
    )


@admin.register(PlatformAuditEntry)
class PlatformAuditEntryAdmin(Log):
    """What was done to what belongs to no tenant."""

    list_display = ("number", "action_", "object_", "actor", "address", "created_")
    list_filter = ("action", "created")
    list_select_related = False
    fields = (
        ("number", "created_"),
        ("action_", "actor"),
        ("object_type", "object_id"),
        "before_",
        "after_",
        ("request_id", "address"),
        "digests",
    )

    def chain_of(self, request: HttpRequest) -> str:
        return PLATFORM


def _streamed(rows: Any, form: str) -> Iterator[bytes]:
    lines = FORMATS[form](rows.iterator(chunk_size=CHUNK))
    while True:
        with platform():
            chunk = "".join(islice(lines, CHUNK))
        if not chunk:
            return
        yield chunk.encode()
