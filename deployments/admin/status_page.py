"""A project's status page as staff and its members see it, with the switch of the public one."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_protect

from deployments import projects
from deployments.models import Project
from deployments.pages.public import page_of
from deployments.pages.standing import PAGE, PUBLIC, is_public, standing_of
from miosa.http.problem import Problem
from miosa.pages.answers import turn_to
from miosa.pages.rows import as_tenant
from tenants import audit

WIDE = 1120  # pixels of a strip on a desk


@csrf_protect
def status_view(request: HttpRequest, project_id: UUID, model_admin: Any) -> HttpResponse:
    """Show how a project's services stand; a POST switches the public page on or off."""
    if not request.user.has_perms(("deployments.view_service", "deployments.view_project")):
        raise PermissionDenied
    project = Project.objects.select_related("tenant").filter(pk=project_id).first()
    if project is None:
        raise Http404
    if request.method == "POST":
        return _switched(request, project)
    public = request.build_absolute_uri(reverse("status-page", args=[project.tenant.slug, project.slug]))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Status of {project.name}",
        "project": project,
        "public": is_public(project),
        "public_url": public,
        "may_change": request.user.has_perm("deployments.change_project"),
        **page_of(standing_of(project, now=timezone.now()), wide=WIDE),
    }
    return TemplateResponse(request, "admin/deployments/status.html", context)


def _switched(request: HttpRequest, project: Project) -> HttpResponse:
    if not request.user.has_perm("deployments.change_project"):
        raise PermissionDenied
    wanted = request.POST.get("public") == "on"
    try:
        with as_tenant(project.tenant):
            projects.change(project.pk, settings={**project.settings, PAGE: {PUBLIC: wanted}})
            audit.record(
                "project.status_page",
                actor=audit.current_actor(),
                object_type="project",
                object_id=project.pk,
                before={PUBLIC: is_public(project)},
                after={PUBLIC: wanted},
            )
    except Problem as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, "Everybody can see it now." if wanted else "Nobody outside sees it any more."
        )
    return turn_to(request, reverse("admin:deployments_status", args=[project.pk]))
