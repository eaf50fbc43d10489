"""Usage is told to Stripe once, to the micro-dollar, whatever fails on the way."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone
from django_tenants.utils import tenant_context

from billing import ledger, verification
from billing.models import BillingAccount, LedgerEntry, MeterEvent, StripeCall, UsageToTell
from billing.payments import accounts, door, usage
from billing.tests.booking import give, use
from billing.tests.stripe_life import a_minute_ago, counted
from miosa.testing.double_faults import Fault
from miosa.testing.silos import open_silo

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
EVENTS = r"/meter_events$"


def sums():
    return verification.verify().as_json()["sums"]


def test_without_a_key_nothing_is_noted(tenant):
    """The ledger counts alone, and verifying says that nothing is told."""
    use(1_000)
    assert not UsageToTell.objects.exists()
    assert usage.send() == 0
    assert (sums()["ledger_told"], sums()["stripe_summaries"]) == (0, None)


def test_what_is_used_is_told_once(tenant, there):
    """Two entries of a minute are one event; sending again sends nothing; every sum on the way is the same."""
    use(1_234, "a")
    use(4_321, "b")
    assert usage.add_up() == 0  # the minute goes on
    a_minute_ago()
    assert (usage.add_up(), usage.send(), usage.add_up(), usage.send()) == (2, 1, 0, 0)
    assert [one["value"] for one in there.world.usage] == [5_555]
    found = verification.verify()
    assert not found.differences
    assert {
        found.as_json()["sums"][name] for name in ("ledger_told", "meter_events", "stripe_summaries")
    } == {5_555}
    customer = BillingAccount.objects.get().customer
    assert there.world.objects[customer]["metadata"]["tenant"] == str(tenant.pk)


def test_entries_from_before_there_was_a_key_are_not_told(tenant, there, settings):
    """Nobody is charged afterwards for what was free then; the sums do not expect it."""
    with_key = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(with_key, stripe_secret_key="")
    use(777, "before")
    settings.ENVIRONMENT = with_key
    use(5, "after")
    a_minute_ago()
    usage.add_up()
    usage.send()
    assert counted(there) == 5
    assert verification.verify().differences == ()


def test_a_reversal_is_told_too(tenant, there):
    """What is taken back is a negative event."""
    entry = use(900)
    ledger.reverse(entry, why="nonsense")
    a_minute_ago()
    usage.add_up()
    usage.send()
    assert counted(there) == 0
    assert LedgerEntry.objects.filter(told=True).count() == 2
    assert verification.verify().differences == ()


@pytest.mark.parametrize("kind", ["drop", "drop_after", "status", "status_after"])
def test_a_failure_is_tried_again_and_counts_once(tenant, there, kind):
    """More failures than the SDK repeats: the event waits and goes out later, with the same identifier."""
    use(31)
    a_minute_ago()
    usage.add_up()
    there.world.faults.order(Fault(kind, method="POST", path=EVENTS, times=3))
    assert usage.send() == 0
    waiting = MeterEvent.objects.get()
    assert (waiting.state, waiting.attempts) == ("waiting", 1)
    assert waiting.error
    assert waiting.next_try > timezone.now()
    MeterEvent.objects.update(next_try=None)
    assert usage.send() == 1
    assert counted(there) == 31


def test_an_identifier_that_stripe_knows_is_sent(tenant, there):
    """Its idempotency keys are gone after a day, its identifiers too, but not in the same moment."""
    use(31)
    a_minute_ago()
    usage.add_up()
    there.world.faults.order(Fault("drop_after", method="POST", path=EVENTS, times=3))
    usage.send()
    there.world.idempotent.clear()
    MeterEvent.objects.update(next_try=None)
    assert usage.send() == 1
    assert counted(there) == 31


def test_what_nobody_answers_for_a_day_is_left_to_the_comparison(tenant, there):
    """Sending it again could count it twice: it is `unsure`, and the sums say that it is missing."""
    use(31)
    a_minute_ago()
    usage.add_up()
    MeterEvent.objects.update(first_tried=timezone.now() - timedelta(hours=24))
    assert usage.send() == 0
    assert MeterEvent.objects.get().state == "unsure"
    accounts.account()
    (difference,) = verification.verify().differences
    assert (difference.here, difference.there) == (31, 0)
    assert difference.what.startswith("hour ")


def test_what_is_too_old_for_stripe_is_seen(tenant, there):
    """35 days are its limit."""
    use(31)
    UsageToTell.objects.update(moment=timezone.now() - timedelta(days=36))
    usage.add_up()
    usage.send()
    assert MeterEvent.objects.get().state == "old"


def test_a_summary_that_lags_is_no_difference(tenant, there):
    """What was sent just now may be missing there; once it is settled, a gap is a gap."""
    use(31)
    a_minute_ago()
    usage.add_up()
    usage.send()
    there.world.lag_s = 600
    assert verification.verify().differences == ()
    MeterEvent.objects.update(sent=timezone.now() - timedelta(hours=1))
    assert len(verification.verify().differences) == 1


def test_usage_that_stripe_has_and_we_do_not_is_a_difference(tenant, there):
    """Somebody sent an event past us."""
    use(31)
    a_minute_ago()
    usage.add_up()
    usage.send()
    there.world.usage.append(dict(there.world.usage[0], identifier="other", value=2))
    (difference,) = verification.verify().differences
    assert (difference.here, difference.there) == (31, 33)


def test_a_tenant_in_a_silo_is_told_of_like_any_other(tenant, other_tenant, there, silo):
    """Two customers, each with its own."""
    use(11)
    a_minute_ago()
    open_silo(other_tenant)
    with tenant_context(other_tenant):
        use(22)
        UsageToTell.objects.update(moment=timezone.now() - timedelta(minutes=2))
    usage.add_up()
    assert usage.send() == 2
    assert sorted((one["value"]) for one in there.world.usage) == [11, 22]
    assert len({one["customer"] for one in there.world.usage}) == 2


def test_a_refused_customer_is_asked_for_again(tenant, there):
    """With a new key: the old one would give the old refusal for a day."""
    there.world.faults.order(Fault("status", method="POST", path="/customers$", status=400))
    with pytest.raises(door.StripeRefused):
        accounts.account()
    assert accounts.account().customer
    assert list(StripeCall.objects.order_by("attempt").values_list("state", flat=True)) == [
        "refused",
        "answered",
    ]


def test_many_workers_send_each_event_once(tenant, there):
    """Eight at once, over rows that each of them sees."""
    for number in range(20):
        use(1, f"u{number}")
    for number, note in enumerate(UsageToTell.objects.all()):
        UsageToTell.objects.filter(pk=note.pk).update(moment=timezone.now() - timedelta(minutes=2 + number))
    usage.add_up()

    def work(_number):
        try:
            return usage.send()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(work, range(8)))
    assert sum(sent) == 20
    assert counted(there) == 20
    assert len(there.world.all("customer")) == 1


def test_no_grant_is_touched_by_telling(tenant, there):
    """Telling reads the books only."""
    give("pack", 10_000)
    use(4_000)
    a_minute_ago()
    usage.add_up()
    usage.send()
    assert verification.verify().differences == ()
