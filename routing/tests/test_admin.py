"""The admin's pages of routing."""

import pytest
from django.urls import reverse
from django_tenants.utils import tenant_context

from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import NODES, fill, operator, queries
from routing.models import Decision

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def acme():
    return open_tenant("acme")


def explained(client, acme):
    with tenant_context(acme):
        found = Decision.objects.get()
    return client.get(reverse("admin:routing_decision_change", args=[found.pk])).content.decode()


LISTS = (
    "decision", "modelcall", "outcome", "promotion", "feedback", "judgement", "knowledge", "calibration", "promptfit",
    "poolshare", "policy",
)  # fmt: skip


@pytest.mark.parametrize("name", [f"routing_{name}" for name in LISTS])
def test_it_lists_more_rows_without_more_queries(acme, name):
    """The number of queries does not follow the number of rows."""
    client = operator()
    fill(acme, 1)
    few = queries(client, name)
    for number in (2, 3, 4):
        fill(acme, number)
    assert queries(client, name) == few


def test_it_draws_the_six_nodes_of_a_decision(acme):
    """Each node stands with weight, score, what it adds, and its reason; calls and outcome follow."""
    fill(acme)
    text = explained(operator(), acme)
    for node in NODES:
        assert node["name"] in text
        assert node["reason"] in text
    assert text.count('<b style="width:50.0%">') == len(NODES)
    assert text.count("<svg") == 2  # one drawing for a desk, one for a telephone
    assert "with the bonus × 1.10" in text
    assert "50 + 20" in text


def test_it_says_when_nobody_was_called(acme):
    """A decision without calls and outcome has a page that says so."""
    with tenant_context(acme):
        Decision.objects.create(
            task_kind="chat", mode="speed", requirement={}, ranked=[], model="m", provider="local", why="only one",
            propensity=1.0, scoreboard_version="v",
        )  # fmt: skip
    text = explained(operator(), acme)
    assert "Nobody was called" in text
    assert "not judged" in text
