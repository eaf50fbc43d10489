"""A project's status page for everybody, where its owner has switched it on: names and uptime, nothing else.

A project without one, one that is not there and a tenant that is not there are answered alike.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_tenants.utils import tenant_context

from deployments.models import Project
from deployments.pages.picture import days_strip, share_told, span_told
from deployments.pages.standing import ProjectStanding, Standing, is_public, standing_of
from deployments.pages.uptime import DAYS
from tenants.registry import tenant_by_slug

KEPT_S = 30
WIDE, NARROW, NARROW_DAYS = 640, 330, 45
MOST_OUTAGES = 10
HEADERS = {
    "Cache-Control": f"public, max-age={KEPT_S}",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
}


@require_safe
def status_page(request: HttpRequest, tenant: str, project: str) -> HttpResponse:
    """Show how a project's services stand."""
    there = tenant_by_slug(tenant)
    if there is None:
        raise Http404
    with tenant_context(there):
        row = Project.objects.filter(slug=project).first()
        if row is None or not is_public(row):
            raise Http404
        context = page_of(standing_of(row, now=timezone.now()))
    answer = render(request, "status/project.html", context)
    for name, value in HEADERS.items():
        answer[name] = value
    return answer


def page_of(standing: ProjectStanding, *, wide: int = WIDE) -> dict[str, Any]:
    """Return what the page shows."""
    return {
        "name": standing.project.name,
        "look": standing.look,
        "words": standing.words,
        "days": DAYS,
        "narrow_days": NARROW_DAYS,
        "services": [_shown(one, wide) for one in standing.services],
        "seen": timezone.now(),
    }


def _shown(one: Standing, wide: int) -> dict[str, Any]:
    title = f"The last days of {one.service.environment}"
    return {
        "environment": str(one.service.environment),
        "look": one.look,
        "words": one.words,
        "known": one.past.share is not None,
        "share": share_told(one.past.share),
        "wide": days_strip(one.past, title=title, width=wide),
        "narrow": days_strip(one.past, title=title, width=NARROW, last=NARROW_DAYS),
        "outages": [
            {
                "start": outage.start,
                "took": span_told((outage.end or timezone.now()) - outage.start),
                "over": outage.end,
            }
            for outage in one.past.outages[:MOST_OUTAGES]
        ],
    }
