"""What the page of one service shows: what serves, how it is, what was there before, and what it cost."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from deployments import steering
from deployments.admin import looks
from deployments.admin.costs import costs_of
from deployments.admin.health_picture import MOST, picture_of
from deployments.models import Deployment, HealthCheck, Service
from deployments.pages.picture import days_strip, share_told
from deployments.pages.standing import seen_of
from deployments.pages.uptime import DAYS, uptime
from miosa.pages.cells import between

LATEST = 15
WIDE, NARROW = 1120, 310  # pixels of the strip of days on a desk and on a telephone


def page_of(service: Service) -> dict[str, Any]:
    """Return the context of its page."""
    rows = (
        Deployment.objects.filter(service_id=service.pk).select_related("release").defer("release__manifest")
    )
    latest = list(rows.order_by("-created")[:LATEST])
    current = next((one for one in latest if one.pk == service.current_id), None)
    checks = HealthCheck.objects.filter(service_id=service.pk).order_by("-created")[:MOST]
    now = timezone.now()
    past = uptime(seen_of([service.pk], since=now - timedelta(days=DAYS + 1))[service.pk], now=now)
    return {
        "service": service,
        "state": looks.state(service.state),
        "health_state": looks.state(service.health),
        "current": current or rows.filter(pk=service.current_id).first(),
        "back": steering.suggested(service),
        "cost": costs_of(service_id=service.pk),
        "health": picture_of(list(checks)[::-1]),
        "share": share_told(past.share),
        "days": DAYS,
        "days_wide": days_strip(past, title="The last 90 days", width=WIDE),
        "days_narrow": days_strip(past, title="The last 45 days", width=NARROW, last=45),
        "deployments": [_shown(one, service) for one in latest],
        "refusal": service.settings.get("refusal", ""),
        "settling": service.generation > service.settled,
    }


def _shown(row: Deployment, service: Service) -> dict[str, Any]:
    return {
        "row": row,
        "state": looks.state(row.state),
        "release": looks.release_of(row),
        "who": looks.who(row.requested_by),
        "took": between(row.created, row.live_since or row.finished),
        "serves": row.pk == service.current_id,
        "may_return": row.live_since is not None and row.pk != service.current_id,
    }
