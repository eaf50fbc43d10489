"""The admin's pages of pictures: what they show, to whom, and of whose rows."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_tenants.utils import tenant_context

from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import operator, signed_in
from routing.tests.pictured import days_ago, decided, said

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

ROUTER, RELIABILITY = "admin:routing_router", "admin:routing_reliability"


@pytest.fixture
def acme():
    made = open_tenant("acme")
    with tenant_context(made):
        answered("fast", 3, wrong=1)
        answered("strong", 1)
    return made


def answered(model, right, wrong=0, **fields):
    """Answers of a model that checks gave 7.5 and that turned out right or wrong, today."""
    for verdict in [1] * right + [0] * wrong:
        said(decided(timezone.now(), model=model, **fields), verdict, confidence=7.5, latency_ms=100)


def page(client, name, **query):
    answer = client.get(reverse(name), query)
    assert answer.status_code == 200
    return answer


def figures(answer):
    return {figure["name"]: figure["value"] for figure in answer.context["figures"]}


def test_it_draws_how_each_model_does(acme):
    """Each model has its rate with an interval and its latency; the figures are the sums."""
    answer = page(operator(), ROUTER, tenant=acme.pk, period="7d")
    assert figures(answer) == {"Decisions": "5", "Success rate": "80%", "Regret of a decision": "0.24"}
    assert [(model["name"], model["told"]) for model in answer.context["models"]] == [
        ("fast", "75% of 4"), ("strong", "100% of 1"),
    ]  # fmt: skip
    text = answer.content.decode()
    assert "75% (30% to 95%) of 4" in text  # Wilson's interval under the pointer
    assert "Success of fast: last 75%, lowest 75%, highest 75%" in text
    assert "Latency of strong: last 100" in text
    assert f"{timezone.now():%d %b}: fast 80% (4)" in text  # of the traffic of this day


def test_it_narrows_to_tenant_and_time(acme):
    """Another tenant's decisions, and those before the period, are not drawn."""
    globex = open_tenant("globex")
    with tenant_context(globex):
        said(decided(days_ago(9)), 1)
    client = operator()
    assert figures(page(client, ROUTER, period="30d"))["Decisions"] == "6"
    assert figures(page(client, ROUTER, period="7d"))["Decisions"] == "5"
    assert figures(page(client, ROUTER, tenant=globex.pk, period="30d"))["Decisions"] == "1"
    assert figures(page(client, ROUTER, tenant="nonsense", period="nonsense"))["Decisions"] == "5"


def test_it_shows_a_tenant_with_a_schema_of_its_own(acme, silo):
    """The rows are read where the chosen tenant's lie."""
    moved, client = silo(acme), operator()
    assert figures(page(client, ROUTER, tenant=moved.pk))["Decisions"] == "5"
    assert page(client, RELIABILITY, tenant=moved.pk).context["standings"][0]["n"] == 5


def test_it_says_where_there_is_nothing(db):
    """Empty pages have words in place of drawings."""
    client = operator()
    text = page(client, ROUTER).content.decode()
    assert "Nobody has spoken of an answer in this time." in text
    assert "No answer was judged both by a model and by people." in text
    assert "No such answer in this time" in page(client, RELIABILITY).content.decode()


def test_it_shows_how_far_judge_and_people_agree(acme):
    """Two answers that both spoke of, one on the same side: 50 %."""
    with tenant_context(acme):
        for judge, people in ((0.9, 1), (0.8, 0)):
            row = decided(timezone.now())
            said(row, judge, source="judge")
            said(row, people, source="feedback")
    client = operator()
    agreement = page(client, ROUTER, tenant=acme.pk).context["agreement"]
    assert (agreement["n"], agreement["same"], agreement["apart"]) == (2, "50%", "0.45")
    assert page(client, ROUTER, tenant=open_tenant("globex").pk).context["agreement"] is None


def test_it_shows_confidence_against_what_happened(acme):
    """Ten answers at 7.5 of which nine are right: ECE 0.15, Brier 0.1125, and 0.09 for the best constant."""
    with tenant_context(acme):
        answered("fast", 9, wrong=1, agent="analysis")
    answer = page(operator(), RELIABILITY, tenant=acme.pk)
    whole, without, analysis = answer.context["standings"]
    assert (whole["n"], without["name"], without["n"]) == (15, "Calls without an agent", 5)
    assert (analysis["name"], analysis["ece"], analysis["brier"]) == ("Analysis", "0.150", "0.113")
    assert analysis["constant"] == "0.090"
    assert without["diagram"] is None  # five answers are too few
    text = answer.content.decode()
    assert "75% expected, 90% right of 10 (60% to 98%)" in text


def test_it_says_that_checks_are_circular(acme):
    """Who lets the checks be the judge of what they made is told so."""
    client = operator()
    assert "circular" in page(client, RELIABILITY, label="checks").content.decode()
    assert page(client, RELIABILITY, label="feedback").context["standings"] == []


@pytest.mark.parametrize("name", [ROUTER, RELIABILITY, "admin:routing_what_if"])
def test_it_refuses_who_may_not_read(name):
    """Staff without rights get 403, strangers the sign-in."""
    assert signed_in("bob@miosa.example", is_staff=True).get(reverse(name)).status_code == 403
    assert signed_in("eve@acme.example").get(reverse(name)).status_code == 302


@pytest.mark.parametrize("name", [ROUTER, RELIABILITY])
def test_it_takes_no_more_queries_for_more_rows(acme, name):
    """Sums are made by the database, whatever there is to sum."""
    client = operator()

    def taken():
        with CaptureQueriesContext(connections["platform"]) as found:
            page(client, name, tenant=acme.pk)
        return len(found)

    few = taken()
    with tenant_context(acme):
        for number in range(3):
            answered(f"m{number}", 2, kind="code", agent=f"a{number}")
    assert taken() == few
