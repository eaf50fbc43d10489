"""The execution that a live page is about, for those who may see it."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from agents.models import Execution


def execution_of(request: HttpRequest, execution_id: UUID, model_admin: Any) -> Execution:
    """Return the execution. Raises PermissionDenied, Http404."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    found: Execution | None = Execution.objects.select_related("tenant").filter(pk=execution_id).first()
    if found is None:
        raise Http404
    return found
