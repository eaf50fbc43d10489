"""The end of a deployment's log, and the lines that came since: a page asks for them while somebody watches."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from deployments.lifecycle.states import OPEN
from deployments.models import Deployment, DeploymentLog

TAIL = 200
EVERY_S = 2


def tail_of(deployment: Deployment, *, after: int | None = None, follow: bool = False) -> dict[str, Any]:
    """Return the last lines, or those after a number, and where to ask for more; "" where nobody follows."""
    rows = DeploymentLog.objects.filter(deployment_id=deployment.pk)
    if after is None:
        lines = list(rows.order_by("-number")[:TAIL])[::-1]
    else:
        lines = list(rows.filter(number__gt=after).order_by("number")[:TAIL])
    last = lines[-1].number if lines else after or 0
    more = follow or deployment.state in OPEN
    address = f"{reverse('admin:deployments_deployment_log', args=[deployment.pk])}?after={last}"
    return {
        "lines": lines,
        "more": address + ("&follow=1" if follow else "") if more else "",
        "every_s": EVERY_S,
    }


def log_view(request: HttpRequest, deployment_id: str, **_model_admin: Any) -> HttpResponse:
    """Answer with the lines after `?after=`; it is put below those that are there."""
    if not request.user.has_perm("deployments.view_deployment"):
        raise PermissionDenied
    row = Deployment.objects.only("id", "state").filter(pk=deployment_id).first()
    if row is None:
        raise Http404
    asked = request.GET.get("after", "0")
    after = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else 0  # noqa: PLR2004
    tail = tail_of(row, after=after, follow=bool(request.GET.get("follow")))
    return render(request, "admin/deployments/parts/lines.html", {"tail": tail})
