"""The page of a signed link: one exact effect, and two buttons below it. Looking decides nothing; only a POST does."""

import logging
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from deployments import steering
from deployments.approval_links import Opened, opened
from deployments.approvals import MOST_NOTE
from deployments.models import Approval
from deployments.questions import is_withdrawn, laid_out, now_of, told
from miosa.http.client_address import current_address
from miosa.http.exception_handler import answer
from miosa.http.problem import Conflict, Problem
from tenants import audit

logger = logging.getLogger(__name__)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",  # the address is the secret; none at all would take the form's origin away too
}
CONFLICT, GONE = 409, 410


@transaction.non_atomic_requests  # a transaction begins inside the tenant that the link names
@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def approval_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is asked, or what came of it; take the answer."""
    try:
        with opened(token) as there:
            response = _answered(request, there) if request.method == "POST" else _page(request, there)
    except Problem as problem:
        logger.info("A link to an approval was refused from %s: %s", current_address(), problem)
        response = answer(request, problem)
    for name, value in HEADERS.items():
        response[name] = value
    return response


def _answered(request: HttpRequest, there: Opened) -> HttpResponse:
    said = request.POST.get("answer")
    if said not in {"approve", "reject"}:
        return _page(request, there, wrong="Press one of the two buttons.")
    try:
        with transaction.atomic(), audit.acting_as(there.person):
            steering.decide(
                there.approval.pk,
                approve=said == "approve",
                digest=request.POST.get("digest", ""),
                actor=there.person,
                note=request.POST.get("note", "")[:MOST_NOTE].replace("\0", ""),
            )
            audit.record(
                "approval.answered_by_link",
                actor=there.person,
                object_type="approval",
                object_id=there.approval.pk,
            )
    except Conflict as refusal:
        there.approval.refresh_from_db()
        return _page(request, there, wrong=str(refusal), status=CONFLICT)
    there.approval.refresh_from_db()
    return _page(request, there)


def _page(request: HttpRequest, there: Opened, *, wrong: str = "", status: int | None = None) -> HttpResponse:
    state = now_of(there.approval)
    context: dict[str, Any] = {
        "approval": there.approval,
        "tenant": there.tenant,
        "question": told(there.approval),
        "effect": laid_out(there.approval),
        "state": state,
        "open": state == Approval.State.PENDING,
        "withdrawn": is_withdrawn(there.approval),
        "wrong": wrong,
        "most_note": MOST_NOTE,
    }
    usual = GONE if state == Approval.State.EXPIRED else 422 if wrong else 200
    return render(request, "people/approval.html", context, status=status or usual)
