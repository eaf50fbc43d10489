"""Usage and ledger over the API."""

from uuid import uuid4

from billing import ledger, plans
from billing.models import Subscription


def post(source_id, **values):
    return ledger.post("tokens", 10, cost_micros=7, source="model_call", source_id=source_id, **values)


def test_it_tells_the_month(api, tenant):
    """Usage adds up the ledger by day, model and agent, beside plan and budget."""
    post("1", model="m", agent="quality")
    post("2", model="m", agent="strategy")
    told = api.get("/api/v1/usage").json()
    assert told["plan"] == "free"
    assert told["left_micros"] == told["allowance_micros"] == plans.plans()["free"].allowance_micros
    assert told["by_model"] == [{"model": "m", "tokens": 20, "cost_micros": 14, "calls": 2}]
    assert [row["agent"] for row in told["by_agent"]] == ["quality", "strategy"]
    assert told["by_day"][0]["tokens"] == 20


def test_it_lists_the_ledger(api, tenant):
    """Entries come newest first, and by execution."""
    wanted = uuid4()
    post("1")
    post("2", execution_id=wanted)
    assert len(api.get("/api/v1/ledger-entries").json()["items"]) == 2
    only = api.get(f"/api/v1/ledger-entries?execution_id={wanted}").json()["items"]
    assert [entry["source_id"] for entry in only] == ["2"]
    assert api.get("/api/v1/ledger-entries?execution_id=x").status_code == 400


def test_it_hides_the_neighbours_ledger(api, other_api, tenant):
    """Another tenant's entries are not there."""
    post("1")
    assert other_api.get("/api/v1/ledger-entries").json()["items"] == []
    assert other_api.get("/api/v1/usage").json()["by_day"] == []


def test_it_refuses_a_plan_that_does_not_exist(tenant):
    """The plan of a subscription is checked against the data."""
    import pytest
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError, match="platinum"):
        Subscription(plan="platinum").full_clean(exclude=["tenant"])
