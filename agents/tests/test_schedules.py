"""A schedule fires: once for each due time, with its money, and whatever comes of it is to be seen."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from agents import control, schedule_tasks, schedules
from agents.models import Execution, Schedule, ScheduleFiring
from billing.models import Budget, Reservation
from billing.subscriptions import current_budget
from miosa.pg.platform import platform
from tenants import api_keys, members
from tenants.members import Authority
from tenants.models import ApiKey, Membership, Role, Tenant, User
from tenants.scopes import ALL

HOUR = timedelta(hours=1)


@pytest.fixture
def creator(tenant, owner):
    return f"user:{owner.pk}"


@pytest.fixture
def hourly(creator):
    return schedules.make({"name": "news", "request": "Say hello", "interval_s": 3600}, created_by=creator)


def due(schedule, ago=timedelta(minutes=1), **fields):
    """Let it be due as of a moment ago."""
    moment = timezone.now() - ago
    Schedule.objects.filter(pk=schedule.pk).update(next_due=moment, **fields)
    return moment


def test_it_fires_when_it_is_due_and_only_then(hourly, creator):
    """One execution for whoever made it, with its money set aside; the next time is an hour after this one."""
    assert schedules.fire(hourly.pk) is None
    moment = due(hourly)
    made = schedules.fire(hourly.pk)
    assert (made.state, made.due) == ("opened", moment)
    execution = Execution.objects.get(pk=made.execution_id)
    assert (execution.request, execution.requested_by) == ("Say hello", creator)
    assert Reservation.objects.get(reference=execution.reference).state == "held"
    hourly.refresh_from_db()
    assert (hourly.next_due, hourly.last_fired is None) == (moment + HOUR, False)
    assert schedules.fire(hourly.pk) is None


def test_the_same_due_time_cannot_fire_twice(hourly):
    """Even if the clock of the schedule were put back: the database does not take the second row, nor its execution."""
    moment = due(hourly, overlap="allow")
    schedules.fire(hourly.pk)
    Schedule.objects.filter(pk=hourly.pk).update(next_due=moment)
    with pytest.raises(IntegrityError), transaction.atomic():
        schedules.fire(hourly.pk)
    assert Execution.objects.count() == 1


def test_what_was_missed_is_made_up_for_once(hourly):
    """After three days of silence one execution stands for all, and the beat is kept."""
    moment = due(hourly, timedelta(days=3, minutes=10))
    made = schedules.fire(hourly.pk)
    assert (made.state, made.stands_for) == ("opened", 73)
    hourly.refresh_from_db()
    assert hourly.next_due == moment + 73 * HOUR
    assert Execution.objects.count() == 1


def test_what_was_missed_may_be_left_out(hourly):
    """Then its row says so, nothing is opened, and what is in time runs."""
    due(hourly, timedelta(hours=5, minutes=10), missed="skip")
    made = schedules.fire(hourly.pk)
    assert (made.state, made.stands_for, made.execution_id) == ("missed", 6, None)
    due(hourly)
    assert schedules.fire(hourly.pk).state == "opened"


def test_a_run_does_not_overlap_the_last_one_unless_it_may(hourly):
    """Skipped while the last one is under way, paused or not; allowed on request; and on after its end."""
    due(hourly)
    first = schedules.fire(hourly.pk)
    due(hourly)
    assert schedules.fire(hourly.pk).state == "skipped"
    due(hourly, overlap="allow")
    second = schedules.fire(hourly.pk)
    assert second.state == "opened"
    for one in (first, second):
        control.cancel(one.execution_id)
    due(hourly, overlap="skip")
    assert schedules.fire(hourly.pk).state == "opened"


def test_without_money_the_refusal_is_to_be_seen_and_the_schedule_goes_on(hourly):
    """A row with what billing said, nothing of the execution left, and the next time stands."""
    current_budget()
    Budget.objects.update(executions_cap=0)
    due(hourly)
    made = schedules.fire(hourly.pk)
    assert made.state == "refused"
    assert "plan" in made.reason
    assert not Execution.objects.exists()
    Budget.objects.update(executions_cap=10)
    due(hourly)
    assert schedules.fire(hourly.pk).state == "opened"


def test_it_runs_only_as_long_as_its_maker_may_hand_in_tasks(tenant, owner, hourly):
    """A key that was revoked or holds too little, a member who became a viewer or left: refused, and told."""
    key, _ = api_keys.make("cron", scopes=ALL, created_by_id=owner.pk)
    small, _ = api_keys.make("small", scopes={"schedules:write"}, created_by_id=owner.pk)
    person = User(email="guest@acme.example")
    person.save(force_insert=True)
    seat = Membership.objects.create(user=person, role=Role.MEMBER)
    for name in (f"key:{key.pk}", f"user:{person.pk}"):
        due(hourly, created_by=name, overlap="allow")
        assert schedules.fire(hourly.pk).state == "opened"
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    members.change_role(seat.pk, to=Role.VIEWER, by=Authority(name="user:1", scopes=ALL))
    for name in (f"key:{key.pk}", f"key:{small.pk}", f"user:{person.pk}", "system"):
        due(hourly, created_by=name, overlap="allow")
        made = schedules.fire(hourly.pk)
        assert (made.state, "may not hand in tasks" in made.reason) == ("refused", True)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_what_is_due_is_found_in_every_place_and_rung_for_once(tenant, hourly, other_tenant, in_tenant, silo):
    """The platform finds it in the shared tables and in a schema of a tenant's own; not of a tenant that rests."""
    own = silo(other_tenant)
    with in_tenant(own):
        person = Membership.objects.get().user_id
        theirs = schedules.make({"name": "a", "request": "x", "interval_s": 60}, created_by=f"user:{person}")
        due(theirs)
    due(hourly)
    assert sorted(schedules.due()) == sorted([(tenant.pk, hourly.pk), (own.pk, theirs.pk)])
    assert schedules.due() == []
    schedule_tasks.fire_schedule(str(own.pk), str(theirs.pk))
    with in_tenant(own):
        assert ScheduleFiring.objects.get().state == "opened"
        due(theirs)
    with platform():
        Tenant.objects.filter(pk=own.pk).update(active=False)
    assert schedules.due() == []
    schedule_tasks.fire_schedule(str(own.pk), str(theirs.pk))
    with in_tenant(own):
        assert ScheduleFiring.objects.count() == 1


def test_a_schedule_that_rests_is_not_due(hourly):
    """Disabled it has no next time; enabled it has one from now on, and the time between is not made up for."""
    due(hourly, timedelta(days=1))
    assert schedules.enable(hourly.pk, enabled=False).next_due is None
    assert schedules.fire(hourly.pk) is None
    row = schedules.enable(hourly.pk, enabled=True)
    assert row.next_due is not None
    assert timedelta(minutes=59) < row.next_due - timezone.now() <= HOUR
