"""What staff may do on a live page, and who may look: the rules of the admin, also for its stream."""

import asyncio
import json

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client
from django_tenants.utils import tenant_context

from agents import control, submission
from agents.admin.live_feed import PATH, door
from agents.contract import NotYet
from agents.models import Execution
from agents.tests import tool_scene
from agents.tests.live_scene import IS_LIVE, TASK, way
from deployments.models import Approval
from miosa.pg.platform import platform
from miosa.testing.browser import CHROMIUM
from miosa.testing.browser_page import opened
from miosa.tests.admin_rows import fill, operator, signed_in
from tenants.models import AuditEntry, User

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def execution(tenant):
    """An execution that was handed in and has not begun."""
    return submission.submit(TASK, requested_by="user:test")


@pytest.fixture
def asked(tenant):
    """A step that asks a person before it deploys: its approval."""
    bench = tool_scene.begun(tenant)
    with pytest.raises(NotYet):
        tool_scene.use(bench, "deploy_release", project="shop", release=1)
    return Approval.objects.get(kind="tool.use")


def reader():
    """Staff that may look at executions and do nothing."""
    client = signed_in("bob@miosa.example", is_staff=True)
    with platform():
        person = User.objects.get(email="bob@miosa.example")
        person.user_permissions.add(Permission.objects.get(codename="view_execution"))
    return client


def answered(client, row, act, **fields):
    said = {"act": act, "approval": row.pk, "digest": row.digest} | fields
    return client.post(way(Execution(pk=row.execution_id), "acts"), said)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium in PATH")
@pytest.mark.parametrize(("button", "state"), [("Approve", "approved"), ("Reject", "rejected")])
def test_it_is_answered_by_a_click(live_server, tenant, asked, button, state):
    """The page shows exactly the effect and its digest; a click answers for it, and the question goes."""
    execution = Execution.objects.get(pk=asked.execution_id)
    with opened(live_server.url + way(execution), operator()) as page:
        page.until(IS_LIVE)
        shown = page.text(".m-ask")
        assert '"project": "shop"' in shown
        assert asked.digest in shown
        page.do(lambda browser: browser.fill(".m-ask input", "not today"))
        page.click(f".m-ask >> text={button}")
        page.until("document.querySelector('[data-answered]')")
        assert f"{state} by ada@miosa.example" in page.text("[data-answered]")
        assert "not today" in page.text("[data-answered]")
        asked.refresh_from_db()
        assert (asked.state, asked.note, asked.decided_by[:6]) == (state, "not today", "staff:")
        page.click("#m-acts [data-act=pause]")
        page.until("!document.querySelector('#m-paused').hidden")
        control.cancel(execution.pk)
        page.until("miosaLive.page.ended")
        assert page.said == []


def test_an_answer_is_for_what_was_read(tenant, asked):
    """Another digest changes nothing and is told, and so is a second answer."""
    client = operator()
    assert answered(client, asked, "approve", digest="0" * 64).status_code == 409
    assert answered(client, asked, "approve").json() == {"told": "Approved."}
    again = answered(client, asked, "reject")
    assert (again.status_code, "approved already" in again.json()["told"]) == (409, True)
    assert AuditEntry.objects.filter(action="approval.approved").count() == 1


def test_an_approval_of_another_execution_is_not_there(execution, asked):
    """Nor is one whose id is none."""
    client = operator()
    for wanted in (asked.pk, "x"):
        said = {"act": "approve", "approval": wanted, "digest": asked.digest}
        assert client.post(way(execution, "acts"), said).status_code == 404


def test_it_is_steered(execution, tenant):
    """Paused, resumed and cancelled, as the tenant itself would; what cannot be done is told."""
    client = operator()
    acts = ("resume", "pause", "resume", "cancel", "cancel", "dance")
    answers = [client.post(way(execution, "acts"), {"act": act}).status_code for act in acts]
    assert answers == [409, 200, 200, 200, 409, 400]
    execution.refresh_from_db()
    assert execution.state == "cancelled"


@pytest.mark.parametrize("act", ["pause", "cancel", "approve"])
def test_who_may_only_look_changes_nothing(execution, act):
    """The page says so by having no buttons, and a request is refused."""
    client = reader()
    assert b'"may": {"act": false, "decide": false}' in client.get(way(execution)).content
    assert client.post(way(execution, "acts"), {"act": act}).status_code == 403


@pytest.mark.parametrize("name", ["live", "since", "events", "film"])
def test_strangers_see_nothing(execution, name):
    """Without a session a page leads to the sign-in; without the right it is refused; an unknown one is not there."""
    assert Client().get(way(execution, name)).status_code == 302
    nobody = signed_in("eve@miosa.example", is_staff=True)
    assert nobody.get(way(execution, name)).status_code == 403
    assert operator().get(way(Execution(), name)).status_code == 404


def test_a_form_from_elsewhere_is_refused(execution):
    """Acts need the page's own token."""
    client = operator()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(way(execution, "acts"), {"act": "cancel"}).status_code == 403
    assert strict.get(way(execution, "acts")).status_code == 405


def test_a_film_is_of_what_has_ended(execution, tenant):
    """Its first moment is 0 s; while it runs there is none."""
    client = operator()
    assert client.get(way(execution, "film")).status_code == 409
    frames = client.get(way(fill(tenant), "film")).json()["frames"]
    assert frames[0]["at_s"] == 0
    assert [one["at_s"] for one in frames] == sorted(one["at_s"] for one in frames)


def test_pages_lead_to_it(execution, tenant):
    """From the list, and from an execution's page."""
    client = operator()
    from django.urls import reverse

    for address in ("admin:agents_execution_changelist", "admin:agents_execution_change"):
        arguments = [execution.pk] if address.endswith("change") else []
        assert way(execution) in client.get(reverse(address, args=arguments)).content.decode()


def streamed(client, execution, *, last=b"", end):
    """Read the stream through its ASGI door; `end` is called when the first events have come."""
    path = way(execution, "events")
    assert PATH.match(path)
    cookie = (
        f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        if client
        else ""
    )
    headers = [(b"host", b"localhost"), (b"cookie", cookie.encode())] + (
        [(b"last-event-id", last)] if last else []
    )
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "query_string": b"after=0"}

    async def talk():
        reader_ = ApplicationCommunicator(door, scope)
        start = await reader_.receive_output(10)
        part = await reader_.receive_output(10)
        body = part.get("body", b"")
        await asyncio.to_thread(end)
        while part.get("more_body"):
            part = await reader_.receive_output(10)
            body += part["body"]
        return start["status"], body.decode()

    return asyncio.run(talk())


def test_the_stream_ends_with_its_execution(execution, tenant):
    """Events with their numbers, what stands beside them, and a last word."""

    def end():
        with tenant_context(tenant):
            control.cancel(execution.pk)

    status, body = streamed(operator(), execution, end=end)
    assert status == 200
    assert body.index("id: 1\nevent: patch") < body.index("event: beside") < body.index("id: 2\nevent: patch")
    assert body.rstrip().endswith('event: end\ndata: {"at":""}')
    told = [json.loads(line[6:]) for line in body.splitlines() if line.startswith('data: {"at":"","')]
    assert told[0]["steps"]["plan"]["state"] == "ready"


def test_the_stream_resumes(execution, tenant):
    """Only what came after the last event seen."""
    control.cancel(execution.pk)
    _, body = streamed(operator(), execution, last=b"1", end=lambda: None)
    assert "id: 1\n" not in body
    assert "id: 2\nevent: patch" in body


def test_the_stream_refuses_strangers(execution):
    """Without a session there is no stream."""
    assert streamed(None, execution, end=lambda: None)[0] == 403


def test_the_stream_ends_with_the_session(execution, tenant):
    """Whoever is signed out sees nothing more."""
    client = operator()

    def end():
        with platform():
            client.logout()

    status, body = streamed(client, execution, end=end)
    assert (status, "event: end" in body) == (200, False)
