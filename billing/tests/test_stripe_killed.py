"""A process of ours dies at every moment of telling usage: Stripe counts once all the same."""

import os

import pytest

from billing import verification
from billing.models import BillingAccount, MeterEvent
from billing.payments import calls, door, usage
from billing.tests.booking import use
from billing.tests.stripe_life import a_minute_ago, counted
from billing.tests.stripe_moments import killed

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

DEATHS = {
    "before the customer is made": (door, "post", False, 0),
    "after the customer is made": (door, "post", True, 0),
    "before the answer is kept": (calls, "_finish", False, 0),
    "after the answer is kept": (calls, "_finish", True, 0),
    "before the account is written": (BillingAccount.objects, "bulk_create", False, 0),
    "after the meter is made": (door, "post", True, 1),
    "before the event is sent": (door, "post", False, 2),
    "after the event is sent": (door, "post", True, 2),
    "before it is noted": (usage, "_note", False, 0),
    "after it is noted": (usage, "_note", True, 0),
}


@pytest.mark.parametrize("moment", DEATHS)
def test_killed_at_every_moment_it_counts_once(tenant, there, moment):
    """One customer, one meter, one event: whoever comes next finishes with the same keys."""
    where, call, after, skip = DEATHS[moment]
    use(4_711)
    a_minute_ago()
    usage.add_up()
    assert killed(usage.send, where, call, after=after, skip=skip)
    MeterEvent.objects.filter(state="waiting").update(next_try=None)
    usage.send()
    assert counted(there) == 4_711
    assert MeterEvent.objects.get().state == "sent"
    assert len(there.world.all("customer")) == len(there.world.all("billing.meter")) == 1
    assert verification.verify().differences == ()


def test_a_forked_process_has_connections_of_its_own(tenant, there):
    """What two processes say on one connection is one misunderstood request."""
    door.post("customers.create", {"name": "Parent"}, key="parent")
    pid = os.fork()
    if pid == 0:
        try:
            for number in range(20):
                door.post("customers.create", {"name": "Child"}, key=f"child {number}")
        finally:
            os._exit(0)
    for number in range(20):
        door.post("customers.create", {"name": "Parent"}, key=f"parent {number}")
    os.waitpid(pid, 0)
    names = [one["name"] for one in there.world.all("customer")]
    assert (names.count("Child"), names.count("Parent")) == (20, 21)


def test_killed_while_adding_up_nothing_is_lost(tenant, there):
    """Notes go and events come in one statement."""
    use(5)
    a_minute_ago()
    assert killed(usage.add_up, usage, "in_each_place", after=False)
    assert killed(usage.add_up, usage, "in_each_place", after=True)
    usage.add_up()
    usage.send()
    assert counted(there) == 5
