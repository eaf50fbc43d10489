"""Usage and ledger over the API."""

from uuid import uuid4

import pytest

from billing import ledger, plans, subscriptions
from billing.models import Subscription


def post(source_id, **values):
    return ledger.post("tokens", 10, cost_micros=7, source="model_call", source_id=source_id, **values)


def test_it_tells_the_month(api, tenant):
    """Usage adds up the ledger by day, model and agent, beside plan and budget."""
    post("1", model="m", agent="quality")
    post("2", model="m", agent="strategy")
    told = api.get("/api/v1/usage").json()
    assert told["plan"] == "free"
    assert told["left_micros"] == told["allowance_micros"] == plans.shipped()["free"].allowance_micros
    assert told["by_model"] == [{"model": "m", "tokens": 20, "cost_micros": 14, "calls": 2}]
    assert [row["agent"] for row in told["by_agent"]] == ["quality", "strategy"]
    assert told["by_day"][0]["tokens"] == 20


def test_it_lists_the_ledger(api, tenant):
    """Entries come newest first, and by execution."""
    wanted = uuid4()
    post("1")
    post("2", execution_id=wanted)
    entries = api.get("/api/v1/ledger-entries").json()["items"]
    assert [entry["meter"] for entry in entries] == ["tokens", "tokens", "grant"]
    only = api.get(f"/api/v1/ledger-entries?execution_id={wanted}").json()["items"]
    assert [entry["source_id"] for entry in only] == ["2"]
    assert api.get("/api/v1/ledger-entries?execution_id=x").status_code == 400


def test_it_hides_the_neighbours_ledger(api, other_api, tenant):
    """Another tenant's entries are not there."""
    post("1")
    assert other_api.get("/api/v1/ledger-entries").json()["items"] == []
    assert other_api.get("/api/v1/usage").json()["by_day"] == []


def test_it_refuses_a_plan_that_does_not_exist(tenant):
    """The plan of a subscription is one of the price list's."""
    with pytest.raises(KeyError, match="platinum"):
        subscriptions.subscribe("platinum")
    assert not Subscription.objects.exists()
