"""The execution that a live page is about, for those who may see it, and the people it speaks of by their names."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from agents.models import Execution
from agents.watching.state import Patch
from tenants.named import names_of


def execution_of(request: HttpRequest, execution_id: UUID, model_admin: Any) -> Execution:
    """Return the execution. Raises PermissionDenied, Http404."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    found: Execution | None = Execution.objects.select_related("tenant").filter(pk=execution_id).first()
    if found is None:
        raise Http404
    return found


def with_names(patch: Patch) -> Patch:
    """Return a patch in which answers to approvals bear names instead of ids."""
    told = patch.get("approvals", {})
    names = names_of({one["decided_by"] for one in told.values() if one.get("decided_by")})
    named = {pk: one | {"decided_by": names.get(one["decided_by"], "")} for pk, one in told.items()}
    return patch | {"approvals": named} if told else patch


def newest(files: Patch) -> Patch:
    """Return of a state's files the newest version of each path, by their ids, in the order of their paths."""
    last = {one["path"]: pk for pk, one in sorted(files.items(), key=lambda item: item[1]["number"])}
    return {last[path]: files[last[path]] for path in sorted(last)}
