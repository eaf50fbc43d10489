"""A release as an archive, for staff."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse

from deployments import releases
from deployments.downloads import MEDIA_TYPES, WAYS, packed_response
from deployments.models import Release
from miosa.pages.rows import as_tenant


def archive_view(
    request: HttpRequest, release_id: UUID, model_admin: Any
) -> HttpResponse | StreamingHttpResponse:
    """Send it as `?format=` says: zip, tar or tar.gz."""
    del model_admin
    if not request.user.has_perm("deployments.view_release"):
        raise PermissionDenied
    row = Release.objects.select_related("tenant", "project").filter(pk=release_id).first()
    kind = request.GET.get("format", "zip")
    if row is None or kind not in WAYS:
        raise Http404
    with as_tenant(row.tenant):
        pieces = WAYS[kind](releases.bundle_of(row).packed())
        name = f"{row.project.slug}-{row.number}.{kind}"
        return packed_response(pieces, name=name, media_type=MEDIA_TYPES[kind])
