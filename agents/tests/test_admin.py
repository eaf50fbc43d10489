"""The admin's pages of work."""

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_tenants.utils import tenant_context

from agents import executions
from agents.models import Execution, Step
from billing import quota
from billing.models import Budget, Reservation
from deployments import approvals
from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import fill, operator, queries
from tenants.models import User

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
YES = {"_form_submitted": "True"}


@pytest.fixture
def acme():
    return open_tenant("acme")


@pytest.fixture
def client(acme):
    return operator()


@pytest.fixture
def running(acme):
    """A running execution of acme with its money set aside."""
    with tenant_context(acme):
        made = executions.open_execution("Wait for me", ceiling_micros=500, requested_by="user:1")
        quota.reserve(made.reference, 500, executions=1)
    return made


def page(execution):
    return reverse("admin:agents_execution_change", args=[execution.pk])


def way_to_cancel(execution):
    return reverse("admin:agents_execution_cancel_execution", args=[execution.pk])


@pytest.mark.parametrize("name", ["agents_execution", "agents_step", "agents_lesson", "agents_memory"])
def test_it_lists_more_rows_without_more_queries(acme, client, name):
    """The number of queries does not follow the number of rows."""
    fill(acme, 1)
    few = queries(client, name)
    for number in (2, 3, 4):
        fill(acme, number)
    assert queries(client, name) == few


def test_it_shows_an_execution_with_its_steps_and_their_evidence(acme, client):
    """State, result, agent, model, cost and what the verifiers found stand on one page."""
    text = client.get(page(fill(acme))).content.decode()
    for wanted in (
        "Seven words.",
        "communication",
        "some/model",
        "$0.00025",
        "counts right",
        "seven of seven",
        "weight 1.50",
    ):
        assert wanted in text, wanted


def test_it_shows_more_steps_without_more_queries(acme, client):
    """An execution of many steps takes as many queries as one of few."""
    execution = fill(acme)

    def taken():
        with CaptureQueriesContext(connections["platform"]) as found:
            assert client.get(page(execution)).status_code == 200
        return len(found)

    few = taken()
    with tenant_context(acme):
        for number in range(5):
            Step.objects.create(
                execution=execution,
                key=f"more-{number}",
                position=9,
                agent="quality",
                purpose="p",
                instruction="i",
            )
    assert taken() == few


def test_it_shows_what_people_wrote_as_text(acme, client, running):
    """Markup in a request, a result or a verifier's word is shown, not obeyed."""
    evil = "<script>alert(1)</script>"
    with tenant_context(acme):
        Execution.objects.filter(pk=running.pk).update(request=evil, error=evil, plan_explanation=evil)
        Step.objects.filter(execution=running).update(
            purpose=evil,
            output=evil,
            reason=evil,
            evidence=[{"check": evil, "passed": False, "detail": evil}, evil],
        )
    step = reverse(
        "admin:agents_step_change", args=[running.steps.model._base_manager.using("platform").get().pk]
    )
    for address in (
        page(running),
        step,
        reverse("admin:agents_execution_changelist"),
        reverse("admin:index"),
    ):
        text = client.get(address).content.decode()
        assert evil not in text, address
        assert "&lt;script&gt;" in text, address


def test_it_cancels_a_running_execution_in_its_tenant(acme, client, running):
    """The button ends execution and steps, and gives the money back, as a cancellation by the API does."""
    answer = client.post(way_to_cancel(running), YES)
    assert answer.status_code == 302
    with tenant_context(acme):
        assert Execution.objects.get().state == "cancelled"
        assert set(Step.objects.values_list("state", flat=True)) == {"cancelled"}
        assert Reservation.objects.get().state == "settled"
        assert Budget.objects.get().reserved_micros == 0
    assert "The execution is cancelled." in client.get(page(running)).content.decode()


def test_it_tells_a_dialogue_where_to_go(client, running):
    """htmx is answered with a header, since it would follow a redirect by itself."""
    answer = client.post(way_to_cancel(running), YES, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == page(running)


def way_to(what, execution):
    return reverse(f"admin:agents_execution_{what}_execution", args=[execution.pk])


def test_it_pauses_and_resumes(acme, client, running):
    """One button at a time; what it did is said, and the page shows since when it rests."""
    assert way_to("resume", running) not in client.get(page(running)).content.decode()
    client.post(way_to("pause", running), YES)
    shown = client.get(page(running)).content.decode()
    assert "The execution is paused." in shown
    assert "paused since" in shown
    assert way_to("pause", running) not in shown
    with tenant_context(acme):
        assert set(Step.objects.values_list("state", flat=True)) == {"held"}
    client.post(way_to("resume", running), YES)
    with tenant_context(acme):
        assert set(Step.objects.values_list("state", flat=True)) == {"ready"}


def test_it_does_a_cancelled_one_again(acme, client, running):
    """A new execution opens, which names the one it goes on from."""
    assert client.post(way_to("retry", running), YES).status_code == 403
    client.post(way_to("cancel", running), YES)
    answer = client.post(way_to("retry", running), YES)
    with tenant_context(acme):
        made = Execution.objects.exclude(pk=running.pk).get()
        assert (made.origin_id, made.requested_by[:5]) == (running.pk, "user:")
    assert answer["Location"] == page(made)
    assert "Goes on from" in client.get(page(made)).content.decode()


def test_it_cancels_nothing_by_a_link(acme, client, running):
    """Following the link asks; nothing happens before the question is answered."""
    answer = client.get(way_to_cancel(running))
    assert "Yes, end it now" in answer.content.decode()
    with tenant_context(acme):
        assert Execution.objects.get().state == "pending"


def test_it_offers_no_cancellation_of_what_has_ended(acme, client):
    """An ended execution has no button, and posting is refused."""
    ended = fill(acme)
    assert way_to_cancel(ended) not in client.get(page(ended)).content.decode()
    assert client.post(way_to_cancel(ended), YES).status_code == 403


def test_it_lets_nobody_cancel_who_may_only_read(acme, running):
    """Staff with the right to view sees the execution, and cannot cancel it."""
    from django.contrib.auth.models import Permission

    with platform():
        person = User.objects.create_user("bob@miosa.example", "bob-password-1", is_staff=True)
        person.user_permissions.add(Permission.objects.get(codename="view_execution"))
    client = Client()
    with platform():
        client.force_login(person)
    assert client.get(page(running)).status_code == 200
    assert client.post(way_to_cancel(running), YES).status_code == 403


def test_it_sends_strangers_away_from_actions(running):
    """Without a session an action leads to the sign-in."""
    assert Client().post(way_to_cancel(running), YES).status_code == 302
    with platform():
        assert Execution.objects.get().state == "pending"


def test_it_shows_that_a_person_is_waited_for(acme, client, running):
    """With the way to the question, as long as it is open."""
    with tenant_context(acme):
        asked = approvals.ask(kind="x", effect={}, execution_id=running.pk, requested_by="user:1")
    question = reverse("admin:deployments_approval_change", args=[asked.pk])
    assert question in client.get(page(running)).content.decode()
    with tenant_context(acme):
        approvals.decide(asked.pk, approve=True, digest=asked.digest, actor="user:1")
    assert question not in client.get(page(running)).content.decode()
