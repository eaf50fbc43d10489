"""The same requests at our double and, with a test key, at Stripe: what one takes, the other takes."""

from dataclasses import replace
from uuid import uuid4

import pytest

from billing.models import BillingAccount, MeterEvent, StripeCall
from billing.payments import accounts, calls, catalog, door, following, mirroring, shop, usage
from billing.subscriptions import current_budget
from billing.tests.booking import use
from billing.tests.stripe_life import a_minute_ago
from miosa.testing.stripe_double import StripeDouble

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
LIVE = pytest.param("stripe", marks=pytest.mark.live("STRIPE_SECRET_KEY"))


@pytest.fixture(params=["double", LIVE])
def place(request, settings):
    """Where requests go; a key that moves real money is refused."""
    if request.param == "stripe":
        key = request.getfixturevalue("live_key")
        if "_test_" not in key:
            pytest.fail("STRIPE_SECRET_KEY is no test key: these tests buy things")
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, stripe_secret_key=key)
        yield key
        return
    with StripeDouble() as double:
        settings.ENVIRONMENT = replace(
            settings.ENVIRONMENT, stripe_secret_key=double.key, stripe_api_base=double.url
        )
        yield double.key
        assert double.violations == []


def test_what_is_sold_is_made_once(tenant, place):
    """Found by its name by a process that knows nothing yet."""
    first = (catalog.meter(), catalog.usage_price())
    for kept in (catalog._meter, catalog._product, catalog._price):
        kept.cache_clear()
    assert (catalog.meter(), catalog.usage_price()) == first


def test_a_customer_is_its_tenant(tenant, place):
    """Known by its metadata; read again it is the same."""
    row = accounts.account()
    assert door.read("customers.retrieve", row.customer)["metadata"]["tenant"] == str(tenant.pk)
    BillingAccount.objects.all().delete()
    assert accounts.account().customer == row.customer


def test_usage_is_taken(tenant, place):
    """A minute of it, once."""
    use(1_234)
    a_minute_ago()
    usage.add_up()
    assert usage.send() == 1
    assert MeterEvent.objects.get().state == "sent"


def test_credit_is_mirrored(tenant, place):
    """The allowance of the month, in whole cents."""
    current_budget()
    accounts.account()
    assert mirroring.mirror() == 1
    assert StripeCall.objects.get(method="billing.credit_grants.create").state == "answered"


def test_checkouts_open_and_end(tenant, place):
    """A plan, another one in its place, a pack beside it."""
    first = shop.buy_plan("pro", interval="month", currency="USD")
    assert first["url"].startswith("https://checkout.stripe.com/")
    shop.buy_plan("starter", interval="year", currency="USD")
    assert door.read("checkout.sessions.retrieve", first["id"])["status"] == "expired"
    pack = shop.buy_pack(2_500)
    assert door.read("checkout.sessions.retrieve", pack["id"])["amount_subtotal"] == 2_500
    row = following.follow()
    assert (row.standing, row.subscription) == ("none", "")


def test_a_key_belongs_to_one_request(tenant, place):
    """The same again is the same answer; another request with it is refused."""
    key = uuid4().hex
    made = door.post("customers.create", {"name": "One"}, key=key)
    assert door.post("customers.create", {"name": "One"}, key=key)["id"] == made["id"]
    with pytest.raises(door.StripeRefused):
        door.post("customers.create", {"name": "Other"}, key=key)


def test_a_refusal_says_why(tenant, place):
    """And leaves a row that says so."""
    with pytest.raises(door.StripeRefused, match="No such"):
        door.read("customers.retrieve", "cus_nobody")
    with pytest.raises(door.StripeRefused):
        calls.once("wrong", "billing_portal.sessions.create", {"customer": "cus_nobody"})
    assert StripeCall.objects.get(cause="wrong").state == "refused"
