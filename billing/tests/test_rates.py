"""What a use of sandboxes and hosting costs."""

import pytest

from billing import rates
from billing.models import Meter
from billing.plans import shipped


def test_it_rounds_once_and_half_up():
    """A second at 3.60 dollars an hour is a tenth of a cent; half a micro-dollar is rounded up."""
    prices = {"hosting_hour": 3_600_000, "egress_gb": 1_000, "sandbox_hour": 0, "build_hour": 0}
    assert rates.price_micros("hosting_s", 1, prices) == 1_000
    assert rates.price_micros("egress_bytes", 500_000, prices) == 1
    assert rates.price_micros("egress_bytes", 499_999, prices) == 0


def test_its_meters_are_the_ledgers():
    """Whatever has a price is a meter that the ledger knows."""
    assert set(rates.PRICED) <= set(Meter.values)


def test_it_has_a_price_for_each_meter():
    """The file that ships names every price, and none is negative."""
    assert all(price >= 0 for price in rates.shipped().values())
    with pytest.raises(KeyError):
        rates.price_micros("tokens", 1, rates.shipped())


def test_a_larger_plan_allows_no_less():
    """From plan to plan every limit grows or stays; none means no limit."""
    names = (
        "sandbox_boxes",
        "sandbox_minutes",
        "services",
        "deployments",
        "hosting_hours",
        "egress_gb",
        "storage_mb",
    )
    for name in names:
        limits = [getattr(plan, name) for plan in shipped().values()]
        assert limits == sorted(limits, key=lambda limit: float("inf") if limit is None else limit)
