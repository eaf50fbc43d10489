"""The month's use of each meter stands beside what the plan allows."""

from billing import ledger
from billing.models import LedgerEntry
from billing.plans import DEFAULT_PLAN, shipped
from billing.subscriptions import current_plan


def test_meters_are_told_with_their_allowance(api, tenant):
    """In the meter's own unit; what the plan does not bound by itself has none; a correction is no use."""
    ledger.post("sandbox_ms", 90_000, cost_micros=7, source="test", source_id="1")
    ledger.post("sandbox_ms", 30_000, cost_micros=5, source="test", source_id="2")
    ledger.post("tokens", 100, cost_micros=3, source="test", source_id="3")
    ledger.post("tokens", 50, cost_micros=2, source="test", source_id="4")
    ledger.reverse(LedgerEntry.objects.get(source_id="4").pk, why="counted twice")
    told = {row["meter"]: row for row in api.get("/api/v1/usage").json()["meters"]}
    plan = current_plan()
    assert plan.slug in {DEFAULT_PLAN, *shipped()}
    minutes = plan.sandbox_minutes
    assert told["sandbox_ms"] == {
        "meter": "sandbox_ms", "used": 120_000, "allowed": minutes and minutes * 60_000, "cost_micros": 12,
    }  # fmt: skip
    assert told["tokens"] == {"meter": "tokens", "used": 100, "allowed": None, "cost_micros": 3}
    assert told["egress_bytes"]["used"] == 0
    assert told["hosting_s"]["allowed"] == (plan.hosting_hours and plan.hosting_hours * 3600)
    assert "grant" not in told
