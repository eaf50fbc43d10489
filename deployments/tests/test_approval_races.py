"""Twenty answer one question at the same moment, over sockets: one answer counts, and everybody else is told so."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import httpx
import pytest
from django.urls import reverse
from django_tenants.utils import tenant_context

from deployments import approval_links, steering, tasks
from deployments.models import Approval, Deployment, DeploymentEvent
from deployments.tests.shipped_scene import written
from miosa.http.problem import Conflict
from miosa.testing.fixtures import client_of, open_tenant
from miosa.testing.web_process import web_process
from miosa.tests.admin_rows import operator, signed_in
from tenants import api_keys
from tenants.models import AuditEntry, Membership, Role, User
from tenants.scopes import ALL

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
SAID = {"approve": "approved", "reject": "rejected"}


@pytest.fixture
def scene():
    return written(open_tenant("acme"))


@pytest.fixture
def log(tmp_path):
    return tmp_path / "web.log"


def bearer_of(scene):
    with tenant_context(scene.tenant):
        return f"Bearer {api_keys.make('answers', scopes=sorted(ALL))[1]}"


def token_in(page):
    found = TOKEN.search(page.text)
    assert found, page.text
    return found[1]


def over_the_api(site, scene, said):
    key = bearer_of(scene)
    body = {"approve": said == "approve", "digest": scene.approval.digest}

    def answer():
        told = httpx.post(
            f"{site}/api/v1/approvals/{scene.approval.pk}/decision",
            json=body,
            headers={"Authorization": key},
            timeout=60,
        )
        return told.status_code == 200, told.text

    return answer


def by_link(site, scene, said):
    with tenant_context(scene.tenant):
        person = User(email=f"{uuid4().hex}@acme.example")
        person.save(force_insert=True)
        Membership.objects.create(user=person, role=Role.ADMIN)
        address = f"{site}/approvals/{approval_links.token_for(scene.approval, f'user:{person.pk}')}"
    browser = httpx.Client(timeout=60)
    token = token_in(browser.get(address))
    form = {"csrfmiddlewaretoken": token, "digest": scene.approval.digest, "answer": said}

    def answer():
        told = browser.post(address, data=form)
        assert told.status_code in {200, 409}, told.text
        return told.status_code == 200, told.text

    return answer


def in_the_admin(site, scene, said):
    staff = signed_in(f"{uuid4().hex}@miosa.example", is_staff=True, is_superuser=True)
    cookies = {name: one.value for name, one in staff.cookies.items()}
    browser = httpx.Client(timeout=60, cookies=cookies, follow_redirects=True)
    page = f"{site}{reverse('admin:deployments_approval_change', args=[scene.approval.pk])}"
    token = token_in(browser.get(page))
    form = {"csrfmiddlewaretoken": token, "digest": scene.approval.digest, "answer": said}
    address = f"{site}{reverse('admin:deployments_approval_decision', args=[scene.approval.pk])}"

    def answer():
        told = browser.post(address, data=form)
        assert told.status_code == 200, told.text
        return ": it goes on now." in told.text or ": it does not happen." in told.text, told.text

    return answer


def together(*acts):
    """Do all at the same moment and return what each returned."""
    gate = Barrier(len(acts))

    def act(doing):
        gate.wait(30)
        return doing()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def test_of_twenty_answers_one_counts(scene, log):
    """Yes and no, by people at the API, with links of their own, and in the admin; the deployment goes as the one says."""
    with web_process(log) as port:
        site = f"http://127.0.0.1:{port}"
        plan = [(over_the_api, 8), (by_link, 8), (in_the_admin, 4)]
        says = [(way, "approve" if n % 2 else "reject") for way, number in plan for n in range(number)]
        answers = together(*[way(site, scene, said) for way, said in says])
    (winner,) = [said for (_, said), (counted, _) in zip(says, answers, strict=True) if counted]
    told = [text for counted, text in answers if not counted]
    assert (len(told), all(f"is {SAID[winner]} already" in text for text in told)) == (19, True)
    with tenant_context(scene.tenant):
        row, waiting = Approval.objects.get(pk=scene.approval.pk), Deployment.objects.get(pk=scene.waiting.pk)
        said = AuditEntry.objects.filter(
            object_id=str(row.pk), action__in=["approval.approved", "approval.rejected"]
        )
        assert (row.state, said.count()) == (SAID[winner], 1)
        assert (waiting.state, waiting.run_after is not None) in {("queued", True), ("canceled", False)}
        assert (waiting.state == "queued") is (winner == "approve")
    assert len(re.findall(r"to approval \S+ was refused", log.read_text())) == 19


def test_a_yes_and_a_cancellation_at_once(scene, log):
    """Whichever comes first: a yes that is told as taken let the deployment go, and one to what had ended is refused."""
    with web_process(log) as port:
        site = f"http://127.0.0.1:{port}"
        key = bearer_of(scene)

        def cancel():
            address = f"{site}/api/v1/deployments/{scene.waiting.pk}/cancellation"
            return httpx.post(address, headers={"Authorization": key}, timeout=60).status_code

        (counted, text), status = together(over_the_api(site, scene, "approve"), cancel)
    with tenant_context(scene.tenant):
        went = DeploymentEvent.objects.filter(deployment_id=scene.waiting.pk, kind="approved").exists()
        state = Approval.objects.get(pk=scene.approval.pk).state
        assert (status, Deployment.objects.get(pk=scene.waiting.pk).state) == (200, "canceled")
    assert (counted, state) in {(True, "approved"), (False, "expired")}
    assert (counted, "was withdrawn" in text) == (went, not went)


def test_nobody_says_yes_to_a_deployment_that_has_ended(scene):
    """Canceled while it waited, or out of date: the question ends with it, its link says so, and no answer is taken."""
    with tenant_context(scene.tenant):
        person = f"user:{Membership.objects.get().user_id}"
        steering.cancel(scene.waiting.pk, actor=person)
        with pytest.raises(Conflict, match="was withdrawn"):
            steering.decide(scene.approval.pk, approve=True, digest=scene.approval.digest, actor=person)
        row = Approval.objects.get(pk=scene.approval.pk)
        assert AuditEntry.objects.filter(action="approval.withdrawn", object_id=str(row.pk)).count() == 1
    shown = client_of(scene.tenant).get(f"/approvals/{approval_links.token_for(row, person)}")
    assert (shown.status_code, "<strong>Withdrawn</strong>" in shown.content.decode()) == (410, True)
    assert "<form" not in shown.content.decode()


def test_what_nobody_approved_in_time_ends(scene):
    """It does not wait for ever for a word that cannot be given any more; what still may be given is waited for."""
    tasks.sweep()
    with tenant_context(scene.tenant):
        assert Deployment.objects.get(pk=scene.waiting.pk).state == "queued"
        Approval.objects.update(expires=scene.approval.created)
    tasks.sweep()
    with tenant_context(scene.tenant):
        row = Deployment.objects.get(pk=scene.waiting.pk)
        assert (row.state, row.reason) == ("canceled", "Nobody approved it in time.")


def test_in_the_admin_only_a_button_answers(scene):
    """A form without an answer, or with another one, is no `no`."""
    client, address = operator(), reverse("admin:deployments_approval_decision", args=[scene.approval.pk])
    for said in ({}, {"answer": ""}, {"answer": "APPROVE"}, {"answer": "yes"}):
        told = client.post(address, {"digest": scene.approval.digest, **said}, follow=True)
        assert "Press one of the two buttons" in told.content.decode()
    with tenant_context(scene.tenant):
        assert Approval.objects.get(pk=scene.approval.pk).state == "pending"
