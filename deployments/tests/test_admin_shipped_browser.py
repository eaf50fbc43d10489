"""The pages of deployments in a real browser: they fit a desk and a telephone, in light and dark, without an error."""

import pytest
from django.urls import reverse
from django_tenants.utils import tenant_context

from deployments.models import Project
from deployments.tests.shipped_scene import written
from deployments.tests.test_admin_projects import made
from miosa.testing.browser import CHROMIUM, SIZES, wrong_with
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import operator

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium in PATH"),
]


@pytest.fixture
def pages(live_server):
    scene = written(open_tenant("acme"))
    project, cut = made(scene.tenant, 9)
    with tenant_context(scene.tenant):
        Project.objects.filter(pk=scene.project.pk).update(settings={"status_page": {"public": True}})
    rows = {
        "deployments": ("deployments_deployment_changelist", ()),
        "failed": ("deployments_deployment_change", (scene.failed.pk,)),
        "live": ("deployments_deployment_change", (scene.live.pk,)),
        "services": ("deployments_service_changelist", ()),
        "service": ("deployments_service_change", (scene.service.pk,)),
        "rollback": ("deployments_service_rollback", (scene.service.pk,)),
        "approvals": ("deployments_approval_changelist", ()),
        "approval": ("deployments_approval_change", (scene.approval.pk,)),
        "status": ("deployments_status", (scene.project.pk,)),
        "projects": ("deployments_project_changelist", ()),
        "project": ("deployments_project_change", (project.pk,)),
        "releases": ("deployments_release_changelist", ()),
        "release": ("deployments_release_change", (cut[1].pk,)),
        "diff": ("deployments_release_diff", (cut[1].pk,)),
    }
    addresses = {
        name: live_server.url + reverse(f"admin:{view}", args=args) for name, (view, args) in rows.items()
    }
    return {**addresses, "public": f"{live_server.url}/status/acme/{scene.project.slug}"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_fits(pages, live_server, tmp_path, size, scheme):
    """No page is wider than the window, cuts a card, writes an error to the console or lacks what it loads."""
    wrong = wrong_with(pages, operator(), tmp_path, size=size, scheme=scheme, never_quiet={"live"})
    assert wrong == {}
    assert len(list(tmp_path.glob("*.png"))) == len(pages)
