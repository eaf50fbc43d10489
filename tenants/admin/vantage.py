"""What staff look at: the shared tables, or the schema of one tenant; chosen on a page, kept in their session.

The admin works on the platform's login, whose names without a schema mean the shared tables. While a tenant's own
schema is looked at, the same pages show the rows there. Registry, people and sessions are the same everywhere.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from tenants.models import Tenant
from tenants.places import place

CHOICE = "looked_at"
NEEDED = "tenants.view_tenant"


def look(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, after the one that knows the person: point the platform's connection for this request."""

    def middleware(request: HttpRequest) -> HttpResponse:
        tenant = _looked_at(request) if request.path.startswith("/admin/") else None
        request.looked_at = tenant  # type: ignore[attr-defined]
        if tenant is None:
            return get_response(request)
        with place(tenant.schema_name):
            return get_response(request)

    return middleware


def label(request: HttpRequest) -> list[str] | None:
    """Answer unfold's ENVIRONMENT: the mark on every page that does not show the shared tables."""
    tenant = getattr(request, "looked_at", None)
    return [f"Looking at: {tenant}", "warning"] if tenant else None


def vantage(request: HttpRequest, *, site: Any) -> HttpResponse:
    """Show what there is to look at, and keep what is chosen."""
    if not request.user.has_perm(NEEDED):
        raise PermissionDenied
    if request.method == "POST":
        return _choose(request)
    context = {
        **site.each_context(request),
        "title": "Look at",
        "silos": _silos(),
        "looked_at": getattr(request, "looked_at", None),
    }
    return TemplateResponse(request, "admin/tenants/vantage.html", context)


def _choose(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("tenant", "")
    tenant = _silo(chosen)
    if tenant:
        request.session[CHOICE] = str(tenant.pk)
        messages.success(request, f"The pages show the rows of {tenant} now.")
    elif chosen:
        messages.error(request, "This tenant has no schema of its own: its rows are in the shared tables.")
    else:
        request.session.pop(CHOICE, None)
        messages.success(request, "The pages show the shared tables now.")
    return HttpResponseRedirect(reverse("admin:index"))


def _looked_at(request: HttpRequest) -> Tenant | None:
    chosen = request.session.get(CHOICE)
    if not chosen or not request.user.is_staff or not request.user.has_perm(NEEDED):
        return None
    tenant = _silo(chosen)
    if tenant is None:  # it has gone back to the shared tables meanwhile
        del request.session[CHOICE]
    return tenant


def _silo(tenant_id: str) -> Tenant | None:
    try:
        found: Tenant | None = _silos().filter(pk=UUID(tenant_id)).first()
    except ValueError:
        return None
    return found


def _silos() -> Any:
    return Tenant.objects.filter(isolation=Tenant.Isolation.SILO).order_by("slug")
