"""The life of a subscription: each step with its plan, its letter and its line in the audit log; and what it stops."""

import itertools
import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from billing import quota, subscriptions
from billing.errors import SubscriptionRestricted
from billing.models import BillingAccount, StandingChange, StripeEvent
from billing.payments import following, inbox, shop, telling
from billing.tests.stripe_life import bought, paying, standing, told
from miosa.http.problem import Conflict, Unprocessable
from miosa.testing.stripe_double import subscriptions as at_stripe
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def plan():
    return subscriptions.current_plan().slug


def changes():
    return list(StandingChange.objects.order_by("created").values_list("before", "after"))


def letters():
    telling.mail()
    return [one.subject for one in mail.outbox]


def reserve(reference="r"):
    return quota.reserve(reference, 1_000, executions=1)


def a_month_later(there, subscription, **how):
    there.clock.advance(subscription["items"]["data"][0]["current_period_end"] - there.world.now + 1)
    return at_stripe.renew(there.world, subscription, **how)


def test_a_trial_becomes_a_subscription(tenant, there):
    """Bought with a card: trialing, then active; the plan counts from the first moment, budget included."""
    subscription = bought(there, "starter")
    told(there)
    assert (standing(), plan()) == ("trialing", "starter")
    assert subscriptions.current_budget().cap_micros == subscriptions.current_plan().allowance_micros
    account = BillingAccount.objects.get()
    assert account.trial_end.day == 1
    assert account.trial_end - timezone.now() >= timedelta(days=14)
    there.clock.advance((account.trial_end - timezone.now()).total_seconds() + 60)
    at_stripe.renew(there.world, subscription)
    told(there)
    assert (standing(), plan()) == ("active", "starter")
    assert changes() == [("none", "trialing"), ("trialing", "active")]
    assert ["trial" in letters()[0], "active" in letters()[1]] == [True, True]
    assert AuditEntry.objects.filter(action="subscription.changed").count() == 2


def test_without_a_card_the_end_of_the_trial_pauses(tenant, there):
    """Nothing new is begun until there is a way to pay; then everything goes on."""
    subscription = bought(there, "starter", card=False)
    told(there)
    there.clock.advance(60 * 86_400)
    at_stripe.renew(there.world, subscription)
    told(there)
    assert (standing(), plan()) == ("paused", "starter")
    with pytest.raises(SubscriptionRestricted) as refused:
        reserve()
    assert refused.value.status == 402
    assert "portal" in refused.value.detail
    at_stripe.resume(there.world, subscription)
    told(there)
    assert standing() == "active"
    reserve()


def test_a_late_payer_has_grace_then_restriction_then_a_way_back(tenant, there):
    """past_due works as before; after the grace nothing new is begun, what runs goes on; paying opens everything."""
    subscription = paying(there)
    running = reserve("running")
    at_stripe.fail(there.world, subscription)
    told(there)
    assert (standing(), plan()) == ("past_due", "pro")
    reserve("within the grace")
    late = BillingAccount.objects.get().unpaid_since + following.grace()
    following.follow(now=late - timedelta(seconds=1))
    assert standing() == "past_due"
    following.follow(now=late)
    assert standing() == "restricted"
    with pytest.raises(SubscriptionRestricted):
        reserve("new")
    assert quota.reserve("running", 1_000, executions=1).pk == running.pk
    quota.settle("running", 700)
    assert shop.portal()["url"]
    at_stripe.pay(there.world, subscription)
    told(there)
    assert standing() == "active"
    reserve("new")
    assert changes()[-3:] == [("active", "past_due"), ("past_due", "restricted"), ("restricted", "active")]
    assert [word in "\n".join(letters()) for word in ("payment has failed", "no new work")] == [True, True]


def test_the_clock_alone_restricts(tenant, there):
    """No webhook comes when a grace ends: the platform's own look finds who is late."""
    subscription = paying(there)
    at_stripe.fail(there.world, subscription)
    told(there)
    assert following.due() == []
    BillingAccount.objects.update(unpaid_since=timezone.now() - timedelta(days=15))
    assert following.due() == [tenant.pk]


def test_unpaid_is_restricted_at_once(tenant, there):
    """Stripe gave up."""
    subscription = paying(there)
    at_stripe.give_up(there.world, subscription)
    told(there)
    assert standing() == "restricted"


def test_an_end_with_the_period_and_its_undoing(tenant, there):
    """Until the end everything counts; it can be taken back; then the free plan counts."""
    subscription = bought(there)
    told(there)
    assert shop.end().cancel_at is not None
    with pytest.raises(Conflict):
        shop.buy_plan("starter", interval="month", currency="USD")
    assert shop.go_on().cancel_at is None
    with pytest.raises(Conflict):
        shop.go_on()
    shop.end()
    told(there)
    assert (standing(), plan()) == ("trialing" if subscription["trial_end"] else "active", "pro")
    a_month_later(there, subscription)
    told(there)
    assert (standing(), plan()) == ("canceled", "free")
    assert any("has ended" in one for one in letters())
    reserve()


def test_an_end_at_once(tenant, there):
    """What was used is invoiced, and the free plan counts."""
    bought(there)
    told(there)
    assert shop.end(at_once=True).standing == "canceled"
    assert plan() == "free"


def test_another_plan_costs_what_its_preview_says(tenant, there):
    """Same moment, same cents; the budget follows at once."""
    paying(there)
    with pytest.raises(Conflict):
        shop.change_plan("pro", interval="month")
    preview = shop.preview_change("starter", interval="month")
    assert plan() == "pro"
    shop.change_plan("starter", interval="month", proration_date=preview["proration_date"])
    assert plan() == "starter"
    newest = there.world.all("invoice")[0]
    assert newest["total"] == preview["total"]
    assert {line["amount"] > 0 for line in newest["lines"]["data"]} == {True, False}


def test_what_cannot_be_bought(tenant, there):
    """Clear words, and nothing happens at Stripe."""
    for wanted in (("nothing", "month", "USD"), ("free", "month", "USD"), ("pro", "month", "EUR")):
        with pytest.raises(Unprocessable):
            shop.buy_plan(wanted[0], interval=wanted[1], currency=wanted[2])
    with pytest.raises(Unprocessable):
        shop.buy_pack(499)
    with pytest.raises(Conflict):
        shop.next_invoice()
    assert not there.world.all("checkout.session")


def test_a_second_checkout_ends_the_first(tenant, there):
    """Two that were both paid would be two subscriptions."""
    first = shop.buy_plan("pro", interval="month", currency="USD")
    second = shop.buy_plan("starter", interval="year", currency="USD")
    states = {one["id"]: one["status"] for one in there.world.all("checkout.session")}
    assert states == {first["id"]: "expired", second["id"]: "open"}


STEPS: dict[str, Callable[..., object]] = {
    "trial_ends": at_stripe.renew,
    "fails": at_stripe.fail,
    "paid": at_stripe.pay,
    "given_up": at_stripe.give_up,
    "resumed": at_stripe.resume,
    "ended": at_stripe.end,
}


def seen():
    row = BillingAccount.objects.get()
    return row.standing, row.plan, row.subscription, row.period_end, row.unpaid_since, plan()


def test_every_order_of_a_lifes_events_ends_the_same(tenant, there):
    """Whatever comes when, and however often: the last state at Stripe is the state here."""
    subscription = paying(there)
    at_stripe.fail(there.world, subscription)
    told(there)
    expected = seen()
    kinds = ("customer.subscription.", "checkout.session.", "invoice.payment_failed", "invoice.paid")
    events = [one for one in there.world.events if one["type"].startswith(kinds)]
    last = {one["type"]: one for one in events}
    for number, order in enumerate(itertools.permutations(last.values())):
        if number % 6:
            continue  # every sixth of them, which moves each event through each place
        StripeEvent.objects.using("platform").all().delete()
        BillingAccount.objects.update(standing="none", subscription="", plan="", unpaid_since=None)
        subscriptions.subscribe("free")
        told(there, order)
        assert seen() == expected


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=some.lists(some.sampled_from(sorted(STEPS)), max_size=5), seed=some.integers(0, 2**32))
def test_any_life_in_any_order(tenant, there, steps, seed):
    """Steps at Stripe, their events shuffled with copies: what follows from them is what one look finds."""
    StripeEvent.objects.using("platform").all().delete()
    for one in there.world.all("subscription"):
        if one["status"] not in at_stripe.ENDED:
            at_stripe.end(there.world, one)
    following.follow()
    begin = len(there.world.events)
    subscription = bought(there)
    at_stripe.renew(there.world, subscription)
    for step in steps:
        if subscription["status"] not in at_stripe.ENDED:
            STEPS[step](there.world, subscription)
    events = there.world.events[begin:]
    chance = random.Random(seed)
    arriving = events + chance.choices(events, k=4)
    chance.shuffle(arriving)
    told(there, arriving)
    after = seen()
    following.follow()
    assert seen() == after
    assert StripeEvent.objects.using("platform").exclude(state__in=["applied", "ignored"]).count() == 0
    assert inbox.apply_due() == 0
