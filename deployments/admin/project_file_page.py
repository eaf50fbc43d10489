"""One file of a project: its text as it is or was, never run, and its versions."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from deployments import files
from deployments.admin import looks
from deployments.admin.costs import size_told as size
from deployments.models import Project
from miosa.http.problem import Problem
from miosa.pages.rows import as_tenant

MOST_SHOWN = 200_000  # bytes
MOST_VERSIONS = 50
LONGEST_NUMBER = 9


def file_view(request: HttpRequest, project_id: UUID, model_admin: Any) -> HttpResponse:
    """Show `?path=` as it is, or as it was after change `?at=`."""
    if not request.user.has_perm("deployments.view_project"):
        raise PermissionDenied
    project = Project.objects.select_related("tenant").filter(pk=project_id).first()
    path, at = request.GET.get("path", ""), request.GET.get("at", "")
    if project is None or not path or "\0" in path:
        raise Http404
    number = int(at) if at.isascii() and at.isdigit() and len(at) <= LONGEST_NUMBER else None
    with as_tenant(project.tenant):
        try:
            blob = files.file(project, path, at=number)
            content = files.bytes_of(blob)
        except Problem as gone:
            raise Http404(str(gone)) from gone
        versions = list(files.history(project, path)[:MOST_VERSIONS])
    context = {
        **model_admin.admin_site.each_context(request),
        "title": path,
        "project": project,
        "path": path,
        "number": blob.number,
        "text": text_of(content),
        "cut": len(content) > MOST_SHOWN,
        "size": size(blob.size),
        "executable": blob.executable,
        "versions": [
            {
                "row": row,
                "size": size(row.size_bytes),
                "who": looks.who(row.author),
                "shown": row.number == blob.number,
            }
            for row in versions
        ],
    }
    return TemplateResponse(request, "admin/deployments/project/file.html", context)


def text_of(content: bytes) -> str | None:
    """Return what can be read of it; None for what is no text."""
    if b"\0" in content[:MOST_SHOWN]:
        return None
    try:
        return content[:MOST_SHOWN].decode()
    except UnicodeDecodeError as error:
        cut = len(content) > MOST_SHOWN and error.start > MOST_SHOWN - 4
        return content[: error.start].decode() if cut else None
