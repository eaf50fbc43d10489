"""What one release changes against another: files, and the lines of texts."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from deployments import releases
from deployments.differences import Change
from deployments.models import Release
from miosa.pages.rows import as_tenant

MOST_CHOICES = 50
KINDS = {"+": "add", "-": "remove", "@": "place", "\\": "note"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a patch: add, remove, place, note, or nothing for what stays."""

    kind: str
    text: str


def diff_view(request: HttpRequest, release_id: UUID, model_admin: Any) -> HttpResponse:
    """Show what the release changes: against `?against=`, else against the one before it."""
    if not request.user.has_perm("deployments.view_release"):
        raise PermissionDenied
    release = Release.objects.select_related("tenant", "project").filter(pk=release_id).first()
    if release is None:
        raise Http404
    others = Release.objects.filter(project_id=release.project_id).exclude(pk=release.pk)
    against = _against(request, release)
    with as_tenant(release.tenant):
        found = releases.difference_of(release, against)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{release.project.name}: release {release.number}",
        "release": release,
        "against": against,
        "choices": others.defer("manifest", "recipe", "evidence").order_by("-number")[:MOST_CHOICES],
        "counts": [(name, count) for name, count in found.counts.items() if count],
        "added": found.added_lines,
        "removed": found.removed_lines,
        "recipe_changed": bool(against and against.recipe != release.recipe),
        "changes": [shown(change) for change in found.changes],
    }
    return TemplateResponse(request, "admin/deployments/release/diff.html", context)


def shown(change: Change) -> dict[str, Any]:
    """Return one change as the page shows it."""
    return {"change": change, "lines": lines_of(change.patch)}


def lines_of(patch: str) -> list[Line]:
    """Return the lines of a unified diff with what each is; the two lines of names are left out."""
    found = patch.split("\n")
    body = (
        found[2:] if len(found) > 1 and found[0].startswith("--- ") and found[1].startswith("+++ ") else found
    )
    return [Line(KINDS.get(text[:1], ""), text) for text in body if text]


def _against(request: HttpRequest, release: Release) -> Release | None:
    asked = request.GET.get("against", "")
    if not asked:
        return releases.before(release)
    try:
        return Release.objects.filter(
            project_id=release.project_id, pk=UUID(asked)
        ).first() or releases.before(release)
    except ValueError:
        raise Http404 from None
