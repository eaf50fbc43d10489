"""A tenant that has bought something at the double, for tests of what follows."""

from datetime import timedelta

from django.utils import timezone

from billing.models import BillingAccount, UsageToTell
from billing.payments import inbox, shop
from billing.tests.conftest import SECRET
from billing.tests.tampering import tamper
from miosa.testing.stripe_double import checkout, subscriptions
from miosa.testing.stripe_double.delivery import signed


def bought(there, plan="pro", interval="month", card=True):
    """Buy a plan at Stripe's page; what it tells of it waits in `there.world.events`."""
    session = shop.buy_plan(plan, interval=interval, currency="USD")
    checkout.complete(there.world, session["id"], card=card)
    return there.world.all("subscription")[0]


def paying(there):
    """Buy a plan whose trial is over and whose first month is paid."""
    subscription = bought(there)
    subscriptions.renew(there.world, subscription)
    told(there)
    return subscription


def told(there, events=None):
    """Let everything that happened there arrive, as webhooks, and be applied."""
    for event in there.world.events if events is None else events:
        body, signature = signed(event, SECRET)
        inbox.receive(body, signature)
    return inbox.apply_due()


def standing():
    return BillingAccount.objects.values_list("standing", flat=True).get()


def a_minute_ago():
    """The running minute is not told yet: let it be over."""
    tamper("UPDATE billing_ledgerentry SET created = created - interval '2 minutes' WHERE told")
    UsageToTell.objects.update(moment=timezone.now() - timedelta(minutes=2))


def counted(there):
    return sum(one["value"] for one in there.world.usage)
