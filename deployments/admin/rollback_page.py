"""Going back, asked first: what serves now, what would serve, and which files differ."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_protect

from deployments import steering
from deployments.admin import looks
from deployments.models import Deployment, Release, Service
from deployments.pages.picture import span_told
from miosa.http.problem import Problem
from miosa.pages.answers import turn_to
from miosa.pages.rows import as_tenant
from tenants import audit

MOST_CHOICES, MOST_FILES = 20, 12


@csrf_protect
def rollback_view(request: HttpRequest, service_id: UUID, model_admin: Any) -> HttpResponse:
    """Show what would go back to what; a POST does it."""
    if not request.user.has_perm("deployments.change_service"):
        raise PermissionDenied
    service = Service.objects.select_related("tenant", "project").filter(pk=service_id).first()
    if service is None:
        raise Http404
    if request.method == "POST":
        return _done(request, service, model_admin)
    choices = _choices(service)
    suggested = steering.suggested(service)
    asked = request.GET.get("to") or str(suggested.pk if suggested else "")
    to = next((one for one in choices if str(one.pk) == asked), None)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Roll back {service.project.slug}",
        "service": service,
        "now": _side(_current(service)),
        "then": _side(to),
        "to": to,
        "choices": [{"row": one, "told": _told(one)} for one in choices],
        "files": differing(_current(service), to),
    }
    return TemplateResponse(request, "admin/deployments/service/rollback.html", context)


def _done(request: HttpRequest, service: Service, model_admin: Any) -> HttpResponse:
    page = reverse("admin:deployments_service_change", args=[service.pk])
    try:
        to, leaving = UUID(request.POST.get("to", "")), request.POST.get("leaving", "")
        with as_tenant(service.tenant):
            made = steering.roll_back(
                service.pk, to=to, leaving=UUID(leaving) if leaving else None, actor=audit.current_actor()
            )
    except ValueError:
        messages.error(request, "Choose the deployment to go back to.")
        return turn_to(request, page)
    except Problem as refusal:
        messages.error(request, str(refusal))
        return turn_to(request, page)
    model_admin.log_change(request, service, "Rolled back.")
    messages.success(request, f"Going back to release {made.release.number}: watch it here.")
    return turn_to(request, reverse("admin:deployments_deployment_change", args=[made.pk]))


def _current(service: Service) -> Deployment | None:
    found: Deployment | None = (
        Deployment.objects.select_related("release").filter(pk=service.current_id).first()
        if service.current_id
        else None
    )
    return found


def _choices(service: Service) -> list[Deployment]:
    """The newest deployments that served, without the one that serves."""
    rows = Deployment.objects.filter(service_id=service.pk, live_since__isnull=False).exclude(
        pk=service.current_id
    )
    return list(rows.select_related("release").order_by("-live_since")[:MOST_CHOICES])


def _told(row: Deployment) -> str:
    return f"release {row.release.number}, live {row.live_since:%d %b %H:%M}"


def _side(row: Deployment | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "row": row,
        "state": looks.state(row.state),
        "who": looks.who(row.requested_by),
        "served": span_told((row.finished or timezone.now()) - row.live_since) if row.live_since else "",
    }


def differing(now: Deployment | None, then: Deployment | None) -> dict[str, Any] | None:
    """Return which files going back would add, change and remove; None where there are not two sides."""
    if now is None or then is None:
        return None
    before, after = _digests(now.release), _digests(then.release)
    changes = [("+", path) for path in sorted(after.keys() - before.keys())]
    changes += [("~", path) for path in sorted(before.keys() & after.keys()) if before[path] != after[path]]
    changes += [("-", path) for path in sorted(before.keys() - after.keys())]
    recipe = now.release.recipe != then.release.recipe
    return {"changes": changes[:MOST_FILES], "more": max(0, len(changes) - MOST_FILES), "recipe": recipe}


def _digests(release: Release) -> dict[str, tuple[Any, ...]]:
    return {one["path"]: (one["digest"], one.get("executable", False)) for one in release.manifest}
