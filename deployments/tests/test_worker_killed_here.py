"""kill -9 of a real worker that deploys on the real host of this machine: another goes on, and nothing is left twice."""

from dataclasses import replace

import httpx
import pytest

from deployments import files, projects, releases, steering
from deployments.files import Author, NewFile
from deployments.launch import launch
from deployments.models import Deployment, Service
from deployments.targets import registry
from deployments.tests.boxes import needs_boxes
from deployments.tests.hosting_fixtures import host_fixture  # noqa: F401
from deployments.tests.killed_worker import exit_of, leases_run_out, start_here
from deployments.tests.plain_world import run
from deployments.tests.test_hosting_apps import PLAIN, SOCKET

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True), needs_boxes]
State = Deployment.State
APP = {"kind": "web", "runtime": "python", "start": PLAIN}
KINDS = {
    "page": ({"kind": "static"}, lambda text: {"index.html": text}),
    "app": (APP, lambda text: {"app.py": SOCKET.format(body=f"b'{text}'")}),
}


@pytest.fixture
def here(host, settings, tenant):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, hosting_url=host.control_url)
    registry.local.cache_clear()
    yield host
    registry.local.cache_clear()


def launched(project, text, contents):
    new = [NewFile(path, body.encode()) for path, body in contents(text).items()]
    files.write(project.pk, new, author=Author("user:1"), whole=True)
    made = releases.cut(project, author="user:1")
    return launch(project, made, target="local", requested_by="user:1")


def killed(here, tenant, method, *, after):
    code, said = exit_of(start_here(tenant.pk, here.control_url, method, after=after))
    assert code == -9, said
    leases_run_out()


def open_at_host(here, deployment):
    """Return the ids of the tenant's deployments at the host that are not over; it has one site there, no orphan."""
    (site,) = (site for site in here.target.host.sites() if site["tenant_id"] == str(deployment.tenant_id))
    over = {"superseded", "canceled", "failed"}
    return {key for key, phase in site["deployments"].items() if phase not in over}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("method", ["apply", "status", "promote", "logs"])
@pytest.mark.parametrize("kind", KINDS)
def test_another_worker_goes_on(here, tenant, kind, method, after):
    """Page and app, at each call: one site, one deployment that is open there, and its new text at the old address."""
    recipe, contents = KINDS[kind]
    name = f"{kind}-{method}-{after}".lower()
    project = projects.create(name=name, recipe=recipe, created_by="user:1")
    first = run(launched(project, "first", contents))
    assert first.state == State.LIVE, first.reason
    second = launched(project, "second", contents)
    killed(here, tenant, method, after=after)
    second = run(second)
    first.refresh_from_db()
    assert (first.state, second.state) == (State.SUPERSEDED, State.LIVE), second.reason
    service = Service.objects.get(project=project)
    assert service.current_id == second.pk
    assert httpx.get(service.url, trust_env=False).text == "second"
    assert open_at_host(here, second) == {str(second.pk)}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_way_back_goes_on(here, tenant, after):
    """Killed while it goes back: one rollback, and the first text again."""
    project = projects.create(name=f"back-{after}".lower(), recipe=APP, created_by="user:1")
    contents = KINDS["app"][1]
    first = run(launched(project, "first", contents))
    second = run(launched(project, "second", contents))
    back = steering.roll_back(second.service_id, to=first.pk, leaving=second.pk, actor="user:1")
    killed(here, tenant, "rollback", after=after)
    back = run(back)
    assert back.state == State.LIVE, back.reason
    assert Deployment.objects.filter(service_id=second.service_id, state=State.LIVE).count() == 1
    assert httpx.get(Service.objects.get(pk=second.service_id).url, trust_env=False).text == "first"
    assert open_at_host(here, back) == {str(back.pk)}
