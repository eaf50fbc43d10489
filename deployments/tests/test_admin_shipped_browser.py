"""The pages of deployments in a real browser: they fit a desk and a telephone, in light and dark, without an error."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.urls import reverse
from django_tenants.utils import tenant_context

from deployments.models import Project
from deployments.tests.shipped_scene import written
from deployments.tests.test_admin_projects import made
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import operator

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium in PATH"),
]

SIZES = {"desk": {"width": 1440, "height": 900}, "telephone": {"width": 390, "height": 844}}
WIDER = "document.documentElement.scrollWidth - window.innerWidth"
CUT = """() => [...document.querySelectorAll('.m-card, section')].filter(one => one.scrollWidth > one.clientWidth + 1)
  .map(one => one.className + ': ' + one.innerText.slice(0, 60))"""


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


def looked_at(pages, cookie, folder, *, size, scheme):
    """Open each page; return what is wrong with it, by name, and leave a picture."""
    from playwright.sync_api import sync_playwright

    wrong = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)
        context.add_cookies([cookie])
        for name, address in pages.items():
            page, said = context.new_page(), []
            page.on(  # type: ignore[call-overload]
                "console",
                lambda message, said=said: said.append(message.text) if message.type == "error" else None,
            )
            page.on("pageerror", lambda error, said=said: said.append(str(error)))  # type: ignore[call-overload]
            answer = page.goto(address, wait_until="networkidle" if name != "live" else "load")
            faults = [*said, *([f"answered {answer.status}"] if answer.status != 200 else [])]
            faults += [f"{wider} px too wide"] if (wider := page.evaluate(WIDER)) > 0 else []
            faults += page.evaluate(CUT)
            page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)
            wrong |= {name: faults} if faults else {}
            page.close()
        browser.close()
    return wrong


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_fits(pages, live_server, tmp_path, size, scheme):
    """No page is wider than the window, cuts a card, writes an error to the console or lacks what it loads."""
    session = operator().cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}
    with ThreadPoolExecutor(1) as beside:  # the browser's loop keeps Django's own calls out of its thread
        wrong = beside.submit(looked_at, pages, cookie, tmp_path, size=size, scheme=scheme).result()
    assert wrong == {}
    assert len(list(tmp_path.glob("*.png"))) == len(pages)
