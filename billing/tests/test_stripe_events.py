"""What an event leads to: what Stripe says now, once, for the right tenant; what cannot be applied is seen."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_tenants.utils import tenant_context
from rest_framework.test import APIClient

from billing.models import BillingAccount, Grant, StripeEvent
from billing.payments import accounts, inbox, mirroring, shop
from billing.tests.conftest import SECRET
from billing.tests.stripe_life import bought, standing, told
from miosa.testing.double_faults import Fault
from miosa.testing.stripe_double import checkout
from miosa.testing.stripe_double.delivery import signed

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
PATH = "/api/v1/webhooks/stripe"
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "plan.created",
    "created": 1,
    "livemode": False,
    "data": {"object": {}},
}


def sent(body, signature):
    return APIClient().post(PATH, data=body, content_type="application/json", HTTP_STRIPE_SIGNATURE=signature)


def events(**where):
    return StripeEvent.objects.using("platform").filter(**where)


def test_a_pack_that_is_not_paid_yet_gives_nothing(tenant, there):
    """A bank transfer completes the checkout before the money is there: the event says more than the session."""
    session = shop.buy_pack(5_000)
    checkout.complete(there.world, session["id"])
    there.world.objects[session["id"]]["payment_status"] = "unpaid"
    told(there)
    assert not Grant.objects.filter(source="stripe").exists()
    there.world.objects[session["id"]]["payment_status"] = "paid"
    there.world.tell("checkout.session.async_payment_succeeded", there.world.objects[session["id"]])
    told(there)
    assert Grant.objects.get(source="stripe").remaining_micros == 50_000_000


def test_money_that_goes_back_takes_its_credit_back(tenant, there):
    """What is left of it; told to Stripe, which ends its own grant."""
    session = shop.buy_pack(5_000)
    done = checkout.complete(there.world, session["id"])
    told(there)
    assert mirroring.mirror() == 2  # the free allowance, and the pack
    checkout.refund(there.world, done["payment_intent"])
    told(there)
    assert Grant.objects.get(source="stripe").remaining_micros == 0
    assert (mirroring.mirror(), mirroring.mirror()) == (1, 0)
    pack = next(one for one in there.world.all("billing.credit_grant") if one["category"] == "paid")
    assert pack["expires_at"] <= there.world.now


def test_an_event_is_a_hint(tenant, there):
    """What it holds is not believed: an old event tells of what is there now."""
    bought(there)
    told(there)
    lie = json.loads(
        json.dumps(next(one for one in there.world.events if one["type"] == "customer.subscription.created"))
    )
    lie["id"] = "evt_lie"
    lie["data"]["object"]["status"] = "unpaid"
    there.world.events.append(lie)
    told(there, [lie])
    assert standing() in ("trialing", "active")


def test_a_customer_who_names_another_tenant_is_parked(tenant, other_tenant, there):
    """Never applied: neither for the one nor for the other."""
    bought(there)
    with tenant_context(other_tenant):
        accounts.account()
        stranger = BillingAccount.objects.get().customer
    there.world.objects[stranger]["metadata"] = {"tenant": str(tenant.pk)}
    event = there.world.tell(
        "customer.subscription.updated", {"id": "sub_x", "object": "subscription", "customer": stranger}
    )
    told(there, [event])
    row = events(pk=event["id"]).get()
    assert (row.state, str(tenant.pk) in row.error) == ("parked", True)


def test_a_stranger_of_the_same_stripe_account_is_ignored(tenant, there):
    """Somebody else sells there too."""
    foreign = there.world.make("customer", "cus", metadata={})
    event = there.world.tell("invoice.paid", {"id": "in_x", "object": "invoice", "customer": foreign["id"]})
    told(there, [event])
    assert events(pk=event["id"]).get().state == "ignored"


def test_poison_does_not_stop_the_others_and_can_be_tried_again(tenant, there):
    """A plan that is none of ours is parked with its reason, seen by `stripe status`, and applied once it is mended."""
    subscription = bought(there)
    product = subscription["items"]["data"][0]["price"]["product"]
    subscription["items"]["data"][0]["price"]["product"] = "prod_other"
    told(there)
    parked = events(state="parked")
    assert parked.count() > 0
    assert "no price of a plan" in parked.first().error
    assert not events(state="new").exists()
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("stripe", "status", stdout=out)
    assert "stripe events, parked" in out.getvalue()
    subscription["items"]["data"][0]["price"]["product"] = product
    call_command("stripe", "retry", stdout=out)
    assert "tried again" in out.getvalue()
    assert not events(state="parked").exists()
    assert BillingAccount.objects.get().plan == "pro"


def test_an_event_that_fails_is_tried_again_later_and_parked_at_last(tenant, there):
    """Stripe is away for a while, then for ever."""
    bought(there)
    event = there.world.events[-1]
    there.world.faults.order(Fault("status", path="/v1/", times=10_000))
    told(there, [event])
    row = events(pk=event["id"]).get()
    assert (row.state, row.attempts, row.next_try > timezone.now()) == ("new", 1, True)
    for _ in range(7):
        events().update(next_try=timezone.now() - timedelta(seconds=1))
        inbox.apply_due()
    assert events(pk=event["id"]).get().state == "parked"
    there.world.faults.clear()
    assert (inbox.try_again(), inbox.apply_due()) == (1, 1)


def test_replay_finds_what_never_arrived(tenant, there):
    """Every event of Stripe's list once, page after page; again there is nothing new."""
    bought(there)
    there.world.page = 2
    out = StringIO()
    call_command("stripe", "replay", "--since", "2h", stdout=out)
    number = len(there.world.events)
    assert f"{number} new events" in out.getvalue()
    assert standing() in ("trialing", "active")
    call_command("stripe", "replay", "--since", "2h", stdout=out)
    assert "0 new events" in out.getvalue()
    for wrong in ("soon", "31d"):
        with pytest.raises(CommandError):
            call_command("stripe", "replay", "--since", wrong)


def test_usage_that_stripe_could_not_count_is_seen(tenant, there):
    """Thin events of meters tell of it later: they are parked with their words."""
    event = {
        "id": "evt_thin", "object": "v2.core.event", "type": "v1.billing.meter.error_report_triggered",
        "created": "2026-11-27T11:00:00.000Z", "data": {"developer_message_summary": "There are 2 invalid events"},
    }  # fmt: skip
    assert sent(*signed(event, SECRET)).status_code == 200
    inbox.apply_due()
    assert "2 invalid events" in events().get().error
