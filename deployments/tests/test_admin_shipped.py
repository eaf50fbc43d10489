"""The admin's pages of deployments, services and approvals: they list without more queries and tell what happened."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_tenants.utils import tenant_context

from deployments.models import Approval, Deployment, DeploymentLog, Project, Service
from deployments.tests.shipped_scene import written
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import operator, queries, signed_in

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def scene():
    return written(open_tenant("acme"))


def page(client, name, *args):
    answer = client.get(reverse(f"admin:deployments_{name}", args=args))
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


@pytest.mark.parametrize("name", ["deployment", "service", "approval"])
def test_it_lists_more_rows_without_more_queries(scene, name):
    """The number of queries does not follow the number of rows, with pictures in them or not."""
    client = operator()
    few = queries(client, f"deployments_{name}")
    for number in (2, 3):
        written(scene.tenant, number=number)
    assert queries(client, f"deployments_{name}") == few


def test_the_page_of_a_failure_says_why_and_what_followed(scene):
    """The reason, the rollback it led to, and the moments of its life."""
    text = page(operator(), "deployment_change", scene.failed.pk)
    assert "Why it failed" in text
    assert "/health answered 500" in text
    assert reverse("admin:deployments_deployment_change", args=[scene.back.pk]) in text
    assert "back to release 1" in text
    back = page(operator_again(), "deployment_change", scene.back.pk)
    assert "Why it was rolled back" in back
    assert reverse("admin:deployments_deployment_change", args=[scene.failed.pk]) in back


def operator_again():
    return signed_in("eve@miosa.example", is_staff=True, is_superuser=True)


def test_the_page_of_what_serves_shows_log_health_and_cost(scene):
    """The last lines, escaped; looks as marks; each meter of the ledger with its cost."""
    text = page(operator(), "deployment_change", scene.live.pk)
    assert "&lt;script&gt;alert" in text
    assert "<script>alert" not in text
    assert 'class="m-mark-bad"' in text
    assert "of the last 72 looks" in text
    for words in ("Building", "Hosting", "Traffic out", "48.2\N{NO-BREAK SPACE}MB", "$0.0701"):
        assert words in text, words


def test_the_log_is_followed_from_where_it_ended(scene):
    """Only lines after a number come, and more is asked for while somebody follows or it is under way."""
    client, address = operator(), reverse("admin:deployments_deployment_log", args=[scene.live.pk])
    text = client.get(address, {"after": "3"}).content.decode()
    assert text.count("<li class=") == 2
    assert "hx-get" not in text
    with tenant_context(scene.tenant):
        DeploymentLog.objects.create(
            deployment=scene.live, number=6, at=timezone.now(), stream="out", text="a new line"
        )
    text = client.get(address, {"after": "5", "follow": "1"}).content.decode()
    assert "a new line" in text
    assert "?after=6&amp;follow=1" in text
    assert client.get(address, {"after": "x" * 50}).status_code == 200


def test_the_log_of_a_long_life_is_its_end(scene):
    """Of 500 lines the page shows the last 200."""
    with tenant_context(scene.tenant):
        DeploymentLog.objects.bulk_create(
            DeploymentLog(
                deployment=scene.live, number=number, at=timezone.now(), stream="out", text=f"line {number}."
            )
            for number in range(6, 501)
        )
    text = page(operator(), "deployment_change", scene.live.pk)
    assert "line 301." in text
    assert "line 300." not in text


def test_going_back_shows_what_changes_and_does_it_once(scene):
    """The page tells both sides and the files; its POST opens one rollback, and the same POST again is refused."""
    client, address = operator(), reverse("admin:deployments_service_rollback", args=[scene.service.pk])
    text = client.get(address).content.decode()
    for words in (
        "Serves now",
        "Release 3",
        "Would serve",
        "Release 1",
        "only-1.css",
        "comes back",
        "only-3.css",
    ):
        assert words in text, words
    form = {"to": scene.first.pk, "leaving": scene.service.current_id}
    assert client.post(address, form).status_code == 302
    with tenant_context(scene.tenant):
        made = Deployment.objects.get(service=scene.service, kind="rollback", state="queued")
        assert (made.back_to_id, made.release_id) == (scene.first.pk, scene.releases[0].pk)
        assert made.requested_by.startswith("staff:")
        Service.objects.filter(pk=scene.service.pk).update(current_id=made.pk)
    client.post(address, form)
    with tenant_context(scene.tenant):
        assert Deployment.objects.filter(service=scene.service, kind="rollback", state="queued").count() == 1


def test_going_back_needs_the_form_of_its_page(scene):
    """Without the token of the page nothing happens, and without the right there is no page."""
    strict = operator()
    strict.handler.enforce_csrf_checks = True
    address = reverse("admin:deployments_service_rollback", args=[scene.service.pk])
    assert strict.post(address, {"to": scene.first.pk}).status_code == 403
    assert signed_in("bob@miosa.example", is_staff=True).get(address).status_code == 403


def test_an_approval_is_given_for_what_was_shown(scene):
    """Another digest changes nothing; the one on the page lets the deployment go, and nobody decides twice."""
    client = operator()
    text = page(client, "approval_change", scene.approval.pk)
    assert "Deploy release 3 of tide-pools-1 to staging?" in text
    assert scene.approval.digest in text
    address = reverse("admin:deployments_approval_decision", args=[scene.approval.pk])
    client.post(address, {"answer": "approve", "digest": "0" * 64})
    assert stored(scene, Approval, scene.approval.pk).state == "pending"
    client.post(address, {"answer": "approve", "digest": scene.approval.digest, "note": "Go."})
    decided = stored(scene, Approval, scene.approval.pk)
    assert (decided.state, decided.note) == ("approved", "Go.")
    assert stored(scene, Deployment, scene.waiting.pk).run_after is not None
    client.post(address, {"answer": "reject", "digest": scene.approval.digest})
    assert stored(scene, Approval, scene.approval.pk).state == "approved"


def test_a_rejection_ends_what_waited(scene):
    """The deployment is canceled, and says by whose word."""
    address = reverse("admin:deployments_approval_decision", args=[scene.approval.pk])
    operator().post(address, {"answer": "reject", "digest": scene.approval.digest, "note": "Not today."})
    waited = stored(scene, Deployment, scene.waiting.pk)
    assert waited.state == "canceled"
    assert "Not today." in waited.reason


def test_a_question_whose_time_is_over_has_no_buttons(scene):
    """It is shown as expired before anybody has written so."""
    with tenant_context(scene.tenant):
        Approval.objects.filter(pk=scene.approval.pk).update(expires=timezone.now() - timedelta(seconds=1))
    text = page(operator(), "approval_change", scene.approval.pk)
    assert ">expired<" in text
    assert 'value="approve"' not in text


def test_a_service_is_suspended_and_resumed_by_asking_first(scene):
    """Each button asks, and its answer writes what is wanted."""
    client = operator()
    for name, state in (("suspend_service", "suspended"), ("resume_service", "active")):
        address = reverse(f"admin:deployments_service_{name}", args=[scene.service.pk])
        assert client.get(address).status_code == 200
        assert client.post(address, {"_form_submitted": "True"}).status_code in {200, 302}
        row = stored(scene, Service, scene.service.pk)
        assert row.state == state
        assert row.generation > row.settled


def test_a_deployment_that_waits_is_canceled(scene):
    """It ends at once; one that ended has no button."""
    client = operator()
    address = reverse("admin:deployments_deployment_cancel_deployment", args=[scene.waiting.pk])
    client.post(address, {"_form_submitted": "True"})
    assert stored(scene, Deployment, scene.waiting.pk).state == "canceled"
    assert client.post(address, {}).status_code == 403


def stored(scene, model, key):
    with tenant_context(scene.tenant):
        return model.objects.get(pk=key)


def test_the_status_page_is_public_only_when_switched_on(scene):
    """Nothing tells a stranger that there is a project; switched on, names and uptime are told and nothing else."""
    public = f"/status/acme/{scene.project.slug}"
    answers = [
        Client().get(address) for address in (public, "/status/acme/nothing", "/status/nobody/nothing")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert (
        len({re.sub(rb"[0-9a-f]{32}", b"", answer.content) for answer in answers}) == 1
    )  # but for the request's id
    client, inside = operator(), reverse("admin:deployments_status", args=[scene.project.pk])
    assert "Switch the public page on" in client.get(inside).content.decode()
    client.post(inside, {"public": "on"})
    answer = Client().get(public)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Tide pools" in text
    assert "1 of 2 down" in text
    for hidden in (
        "release",
        "miosa-tide-pools",
        "/health",
        "localhost:8010",
        "user:",
        str(scene.project.pk),
    ):
        assert hidden not in text, hidden
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert not answer.cookies
    client.post(inside, {"public": "off"})
    assert Client().get(public).status_code == 404


def test_a_project_that_was_put_away_has_no_public_page(scene):
    """The page goes with the project."""
    with tenant_context(scene.tenant):
        Project.objects.filter(pk=scene.project.pk).update(
            settings={"status_page": {"public": True}}, archived=timezone.now()
        )
    assert Client().get(f"/status/acme/{scene.project.slug}").status_code == 404
