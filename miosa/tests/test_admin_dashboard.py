"""The admin's first page and the page of agents."""

import json

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_tenants.utils import tenant_context

from agents.models import Execution
from agents.registry_kinds import PROFILES
from miosa import statistics
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import fill, operator

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def client(db):
    return operator()


@pytest.fixture
def acme():
    made = open_tenant("acme")
    fill(made, 1)
    fill(made, 2)
    return made


def first_page(client, **filters):
    return client.get(reverse("admin:index"), filters)


def figures(answer):
    return {figure["name"]: figure["value"] for figure in answer.context["figures"]}


def test_it_says_what_to_do_where_nothing_has_run(client):
    """An empty house shows how to hand in the first task, and no empty charts."""
    statistics.refresh()
    text = first_page(client).content.decode()
    assert "No executions yet" in text
    assert "make demo" in text
    assert "<canvas" not in text
    assert "No model has been asked yet." in text


def test_it_counts_what_has_run(client, acme):
    """The figures are the executions of today, the share of successes, confidence, money and tokens."""
    with tenant_context(acme):
        Execution.objects.filter(request__endswith="2").update(state="failed", confidence=4)
    statistics.refresh()
    assert figures(first_page(client)) == {
        "Executions today": "2",
        "Success rate": "50%",
        "Mean confidence": "6.0",
        "Spent this month": "$0.0005",
        "Tokens this month": "140",
    }


def test_it_stacks_executions_by_state(client, acme):
    """The chart has a bar for each of fourteen days, and a colour for each state that occurs."""
    with tenant_context(acme):
        Execution.objects.filter(request__endswith="2").update(state="failed")
    chart = json.loads(first_page(client).context["executions_chart"]["data"])
    assert len(chart["labels"]) == 14
    assert {row["label"]: row["data"][-1] for row in chart["datasets"]} == {"completed": 1, "failed": 1}


def test_it_narrows_to_one_tenant(client, acme):
    """With a tenant chosen only its rows count; a name that is none is ignored."""
    globex = open_tenant("globex")
    statistics.refresh()
    assert figures(first_page(client, tenant=globex.pk))["Executions today"] == "0"
    assert figures(first_page(client, tenant=acme.pk))["Tokens this month"] == "140"
    assert figures(first_page(client, tenant="nonsense"))["Executions today"] == "2"


def test_it_says_how_old_the_sums_are(client, acme):
    """What comes from a view is shown with the moment of its refresh."""
    statistics.refresh()
    told = f"as of {statistics.as_of():%-d %b %Y, %H:%M:%S} UTC"
    assert told in first_page(client).content.decode()


def test_it_takes_no_more_queries_for_more_rows(client, acme):
    """The first page costs the same with many executions as with few."""

    def taken():
        statistics.refresh()
        with CaptureQueriesContext(connections["platform"]) as found:
            assert first_page(client).status_code == 200
        return len(found)

    few = taken()
    for number in (3, 4, 5):
        fill(acme, number)
    assert taken() == few


def test_it_shows_every_agent_with_its_standing(client, acme):
    """The page of agents has all kinds and the orchestrator; who has worked shows how it went."""
    statistics.refresh()
    answer = client.get(reverse("admin:miosa_agents"))
    text = answer.content.decode()
    assert [row["profile"].kind for row in answer.context["agents"]] == ["orchestrator", *PROFILES]
    assert all(profile.purpose.split("'")[0][:40] in text for profile in PROFILES.values())
    steps = {row["profile"].kind: row["steps"] for row in answer.context["agents"]}
    assert steps["communication"] == 2
    assert sum(steps.values()) == 2
    assert "100% of 2" in text


def test_it_leads_from_a_sum_to_its_rows(client, acme):
    """The first column of a statistic links to the rows it was made from."""
    statistics.refresh()
    for name, found in (("agentperformance", 2), ("modelperformance", 2), ("spendbyday", 2)):
        changes = client.get(reverse(f"admin:miosa_{name}_changelist")).context["cl"]
        answer = client.get(changes.url_for_result(changes.result_list[0]))
        assert len(answer.context["cl"].result_list) == found, name


@pytest.mark.parametrize("name", ["agentperformance", "modelperformance", "spendbyday"])
def test_it_lists_sums_without_more_queries_for_more_tenants(client, acme, name):
    """Sparklines of a whole list take one query."""
    address = reverse(f"admin:miosa_{name}_changelist")

    def taken():
        statistics.refresh()
        with CaptureQueriesContext(connections["platform"]) as found:
            assert client.get(address).status_code == 200
        return len(found)

    few = taken()
    for slug in ("globex", "hooli"):
        fill(open_tenant(slug))
    assert taken() == few
