"""Webhooks: signed over the raw body, kept once, answered at once, applied from what Stripe says now."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
import stripe
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone
from django_tenants.utils import tenant_context
from rest_framework.test import APIClient

from billing.models import BillingAccount, Budget, Grant, StripeEvent
from billing.payments import accounts, inbox, mirroring, shop
from billing.subscriptions import current_budget
from billing.tests.conftest import SECRET
from billing.tests.stripe_life import bought, standing, told
from miosa.testing.double_faults import Fault
from miosa.testing.stripe_double import checkout
from miosa.testing.stripe_double.delivery import deliver, signed
from miosa.testing.web_process import web_process

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
PATH = "/api/v1/billing/stripe-webhook"
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


def test_our_double_signs_as_the_sdk_does():
    """Or the tests below would prove nothing."""
    body, signature = signed(EVENT, SECRET)
    assert stripe.Webhook.construct_event(body, signature, SECRET)["id"] == "evt_1"


def test_what_is_signed_is_kept_once(tenant, there):
    """The second time it is known; both are answered 200."""
    body, signature = signed(EVENT, SECRET)
    answers = [sent(body, signature).json() for _ in range(2)]
    assert answers == [{"received": True, "new": True}, {"received": True, "new": False}]
    assert events().count() == 1
    assert inbox.apply_due() == 1
    assert events().get().state == "ignored"


@pytest.mark.parametrize(
    "wrong", ["altered", "old", "other secret", "no signature", "dumped again", "nonsense"]
)
def test_what_is_not_from_stripe_is_refused(tenant, there, wrong):
    """401, and nothing is kept."""
    body, signature = signed(EVENT, "whsec_other" if wrong == "other secret" else SECRET)
    if wrong == "altered":
        body = body.replace(b"plan.created", b"plan.deleted")
    if wrong == "dumped again":
        body = json.dumps(json.loads(body)).encode()
    if wrong == "old":
        body, signature = signed(EVENT, SECRET, at=int(time.time()) - 301)
    signature = {"no signature": "", "nonsense": "t=x,v1=\xff"}.get(wrong, signature)
    answer = sent(body, signature)
    assert (answer.status_code, events().count()) == (401, 0)


def test_a_signed_body_that_is_no_event(tenant, there):
    """400: whoever has the secret may still send nonsense."""
    for nonsense in (
        {"id": 5},
        {"id": "", "type": "x", "created": 1},
        {"id": "e" * 99, "type": "x", "created": 1},
        [1],
    ):
        assert sent(*signed(nonsense, SECRET)).status_code == 400
    assert not events().exists()


def test_secrets_rotate(tenant, there, settings):
    """Both are valid while one replaces the other; then the old one is not."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, stripe_webhook_secret="whsec_new,whsec_first")
    assert sent(*signed(EVENT, SECRET)).status_code == 200
    assert sent(*signed({**EVENT, "id": "evt_2"}, "whsec_new")).status_code == 200
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, stripe_webhook_secret="whsec_new")
    assert sent(*signed({**EVENT, "id": "evt_3"}, SECRET)).status_code == 401


def test_an_empty_secret_verifies_nothing(tenant, there, settings):
    """A signature made with an empty secret would fit it."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, stripe_webhook_secret="")
    assert sent(*signed(EVENT, "")).status_code == 401
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, stripe_webhook_secret="whsec_a,")
    assert sent(*signed(EVENT, "")).status_code == 401


def test_without_a_key_there_is_no_webhook(tenant):
    """404 with the reason."""
    answer = sent(*signed(EVENT, SECRET))
    assert (answer.status_code, "STRIPE_SECRET_KEY" in answer.json()["detail"]) == (404, True)


def test_fifty_copies_at_once_are_one_effect(tenant, there, tmp_path, settings, monkeypatch):
    """By the real server: a pack that is paid once is credit once, and everybody is answered 200."""
    session = shop.buy_pack(5_000)
    checkout.complete(there.world, session["id"])
    environment = {
        "STRIPE_SECRET_KEY": there.key, "STRIPE_API_BASE": there.url, "STRIPE_WEBHOOK_SECRET": SECRET,
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    before = current_budget().cap_micros
    paid = [one for one in there.world.events if one["type"] == "checkout.session.completed"]
    with web_process(tmp_path / "log") as port:
        statuses = deliver(paid, f"http://127.0.0.1:{port}{PATH}", SECRET, copies=50, at_once=10)
    assert statuses == [200] * 50

    def work(_number):
        try:
            return inbox.apply_due()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 1
    assert Grant.objects.get(source="stripe").amount_micros == 50_000_000
    assert Budget.objects.get().cap_micros == before + 50_000_000


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
