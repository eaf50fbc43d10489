"""What staff do on a live page: pause, resume, cancel; approve or reject exactly what was shown. Answers in JSON."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect

from agents import control, submission
from agents.admin.live_rows import execution_of
from agents.executions import PLAN
from agents.models import Execution
from agents.requests import MAX_REQUEST
from deployments import steering
from deployments.models import Approval
from miosa.http.problem import Problem
from miosa.pages.rows import as_tenant
from tenants import audit

MAY_ACT, MAY_DECIDE = "agents.change_execution", "deployments.change_approval"
MOST_NOTE = 500
ACTS: Mapping[str, tuple[Callable[[UUID], Execution], str]] = {
    "pause": (control.pause, "Paused."),
    "resume": (control.resume, "Resumed."),
    "cancel": (control.cancel, "Cancelled."),
}
AGAIN = "again"
ANSWERS = {"approve": (True, "Approved."), "reject": (False, "Rejected.")}


@csrf_protect
def acts_view(request: HttpRequest, execution_id: UUID, model_admin: Any) -> HttpResponse:
    """Do what the form's `act` names. Answers 409 with the reason where it cannot be done any more."""
    execution = execution_of(request, execution_id, model_admin)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    act = request.POST.get("act", "")
    if act in ACTS:
        return _steered(request, execution, act, model_admin)
    if act in ANSWERS:
        return _answered(request, execution, act, model_admin)
    if act == AGAIN:
        return _begun_anew(request, execution, model_admin)
    return JsonResponse({"told": "There is no such act."}, status=400)


def _steered(request: HttpRequest, execution: Execution, act: str, model_admin: Any) -> HttpResponse:
    if not request.user.has_perm(MAY_ACT):
        raise PermissionDenied
    do, done = ACTS[act]
    return _told(request, execution, lambda: do(execution.pk), done, log=model_admin.log_change)


def _answered(request: HttpRequest, execution: Execution, act: str, model_admin: Any) -> HttpResponse:
    if not request.user.has_perm(MAY_DECIDE):
        raise PermissionDenied
    approve, done = ANSWERS[act]
    row = _approval(execution, request.POST.get("approval", ""))
    if row is None:
        return JsonResponse({"told": "There is no such approval."}, status=404)
    actor, digest = audit.current_actor(), request.POST.get("digest", "")
    note = request.POST.get("note", "")[:MOST_NOTE].replace("\0", "")

    def decide() -> object:
        return steering.decide(row.pk, approve=approve, digest=digest, actor=actor, note=note)

    return _told(request, row, decide, done, log=model_admin.log_change)


def _begun_anew(request: HttpRequest, execution: Execution, model_admin: Any) -> HttpResponse:
    """Go on from it in a new execution, from a step on; what is `changed` is what that step, or all of it, is told instead."""
    if not request.user.has_perm(MAY_ACT):
        raise PermissionDenied
    step = request.POST.get("step", "")
    changed = request.POST.get("changed", "").replace("\0", "")[:MAX_REQUEST]
    told = {"request" if step == PLAN else "instruction": changed} if changed.strip() else {}
    made: list[Execution] = []

    def fork() -> None:
        made.append(submission.fork(execution, requested_by=f"user:{request.user.pk}", first=step, **told))

    answer = _told(request, execution, fork, "Begun anew.", log=model_admin.log_change)
    if made:
        way = reverse("admin:agents_execution_live", args=[made[0].pk])
        return JsonResponse({"told": "Begun anew.", "way": way})
    return answer


def _told(
    request: HttpRequest, row: Any, do: Callable[[], object], done: str, *, log: Callable[..., Any]
) -> HttpResponse:
    try:
        with as_tenant(row.tenant):
            do()
    except Problem as refusal:
        return JsonResponse({"told": str(refusal)}, status=409)
    log(request, row, done)
    return JsonResponse({"told": done})


def _approval(execution: Execution, wanted: str) -> Approval | None:
    try:
        by = UUID(wanted)
    except ValueError:
        return None
    found: Approval | None = (
        Approval.objects.select_related("tenant").filter(pk=by, execution_id=execution.pk).first()
    )
    return found
