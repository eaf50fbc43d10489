"""A change of standing is taken back in the admin, and a decision's page tells what it hung on."""

from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse
from django_tenants.utils import tenant_context

from miosa.testing.fixtures import open_tenant
from miosa.testing.flows import providers
from miosa.tests.admin_rows import operator, signed_in
from routing import policies, promotions, verdicts
from routing.models import Decision, Promotion
from routing.requirement import Requirement
from routing.tests import stored
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

YES = {"_form_submitted": "True"}
URL = "http://127.0.0.1:9/v1"
CHEAP = {"TaskFit": 0.1, "Quality": 0.1, "Speed": 0.1, "Cost": 0.5, "History": 0.1, "Confidence": 0.1}


@pytest.fixture
def acme():
    made = open_tenant("acme")
    with providers(groq=URL, kimi=URL):
        yield made


@pytest.fixture
def change(acme):
    with tenant_context(acme):
        return promotions.change_weights({"cost": CHEAP})


@pytest.fixture
def decision(acme):
    with tenant_context(acme), transaction.atomic():
        return stored.decision(Requirement("code"))


def address(row):
    return reverse("admin:routing_promotion_change", args=[row.pk])


def button(row):
    return reverse("admin:routing_promotion_take_back", args=[row.pk])


def page_of(client, decision):
    return client.get(reverse("admin:routing_decision_change", args=[decision.pk])).content.decode()


def test_it_takes_a_change_back(acme, change):
    """A GET asks, the POST reverts inside the tenant; the row says so and the button is gone."""
    client = operator()
    assert button(change) in client.get(address(change)).content.decode()
    assert client.get(button(change)).status_code == 200
    with tenant_context(acme):
        assert policies.current().weights == {"cost": CHEAP}
    assert client.post(button(change), YES).status_code == 302
    with tenant_context(acme):
        assert policies.current().weights is None
        [back] = Promotion.objects.filter(kind="reversal")
        assert back.reverts == change.pk
        assert AuditEntry.objects.get(action="promotion.reverted").actor.startswith("staff:")
    text = client.get(address(change)).content.decode()
    assert "taken back" in text
    assert button(change) not in text
    states = [
        row.taken_back
        for row in client.get(reverse("admin:routing_promotion_changelist")).context["cl"].result_list
    ]
    assert states == [False, True]


def test_it_takes_nothing_back_twice(acme, change):
    """The second request is refused and writes nothing; a reversal has no button either."""
    client = operator()
    client.post(button(change), YES)
    assert client.post(button(change), YES).status_code == 403
    with tenant_context(acme):
        [back] = Promotion.objects.filter(kind="reversal")
    assert button(back) not in client.get(address(back)).content.decode()


def test_it_needs_the_right_to_change(acme, change):
    """Staff without it are refused."""
    assert signed_in("bob@miosa.example", is_staff=True).post(button(change), YES).status_code == 403
    with tenant_context(acme):
        assert policies.current().weights == {"cost": CHEAP}


def test_a_decision_comes_out_again(acme, decision):
    """Its page says that it is identical, what it hung on, and with which chances it was drawn."""
    text = page_of(operator(), decision)
    assert "made again: identical" in text
    assert "What it hung on:" in text
    assert "would have been chosen" in text
    assert "Chances in the draw" in text


def test_a_decision_that_was_altered_is_told(acme, decision):
    """The field that differs stands there with both values."""
    with tenant_context(acme):
        Decision.objects.filter(pk=decision.pk).update(why="because I say so")
    text = page_of(operator(), decision)
    assert "made again: different" in text
    assert "because I say so" in text
    assert decision.why[:20] in text


def test_a_decision_names_who_said_what(acme, decision):
    """Checks spoke first and count; people corrected them, and their word holds."""
    with tenant_context(acme):
        verdicts.checked(decision.pk, success=True, confidence=8)
        verdicts.told_by_people(decision.pk, value=Decimal(0))
    text = page_of(operator(), decision)
    assert "the first word, 1.00" in text
    assert "a correction, -1.00" in text
    assert text.index("holds") > text.index("people")


def test_a_shared_selection_leads_to_the_first(acme, decision):
    """A decision that shares another's selection links to it."""
    with tenant_context(acme):
        with transaction.atomic():
            other = stored.decision(Requirement("code"))
        Decision.objects.filter(pk=decision.pk).update(shared_from=other.pk)
    assert reverse("admin:routing_decision_change", args=[other.pk]) in page_of(operator(), decision)
