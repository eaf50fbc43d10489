"""Three processes look for what is due at the same time, and are killed at it: each due time has one execution, always."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F

from agents import schedules
from agents.models import Execution, Schedule, ScheduleFiring, Step
from agents.tests.beats import PROGRAM
from billing.models import Budget, Reservation
from billing.subscriptions import current_budget
from miosa.embedded.processes import until
from miosa.environment import ROOT, export
from miosa.testing.web_process import on_the_test_database
from tenants.tests.moving import holding, waited_for

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
SCHEDULES, WAVES, CROWD, IN_TIME_S = 4, 6, 110, 120
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def many(tenant, owner):
    """Some schedules whose runs may overlap, and money enough."""
    current_budget()
    Budget.objects.update(executions_cap=None)
    made = [
        schedules.make(
            {"name": f"s{number}", "request": "Say hello", "interval_s": 86_400, "overlap": "allow"},
            created_by=f"user:{owner.pk}",
        )
        for number in range(SCHEDULES)
    ]
    return tenant, made


@contextmanager
def beat(tenant, rows):
    """Run one such process until the block ends."""
    environ = dict(os.environ)
    export(on_the_test_database(), environ)
    environ["MIOSA_DATABASE_LOGIN"] = ""
    pairs = [f"{tenant.pk}:{row.pk}" for row in rows]
    command = [sys.executable, "-c", PROGRAM, *pairs]
    with subprocess.Popen(command, cwd=ROOT, env=environ) as process:
        try:
            yield process
        finally:
            process.kill()


def let_be_due(wave):
    """Make every schedule due as of a time of this wave alone."""
    Schedule.objects.update(next_due=LONG_AGO + timedelta(days=wave), rung=None)


def fired(number):
    return until(lambda: ScheduleFiring.objects.count() >= number, timeout_s=IN_TIME_S)


def held_together():
    """Every firing has its own execution, and every execution its plan and its money; nothing is left over."""
    opened = set(ScheduleFiring.objects.values_list("execution_id", flat=True))
    assert opened == set(Execution.objects.values_list("pk", flat=True))
    assert Step.objects.filter(key="plan").count() == Reservation.objects.count() == len(opened)
    return len(opened)


def test_three_beats_open_one_execution_for_each_due_time(many):
    """Six waves of due times, three processes after each, one of them killed in the middle and replaced."""
    tenant, rows = many
    with ExitStack() as stack:
        running = [stack.enter_context(beat(tenant, rows)) for _ in range(3)]
        for wave in range(WAVES):
            let_be_due(wave)
            if wave == WAVES // 2:
                os.kill(running[0].pid, signal.SIGKILL)
                running[0].wait(IN_TIME_S)
                stack.enter_context(beat(tenant, rows))
            assert fired((wave + 1) * SCHEDULES)
    assert held_together() == WAVES * SCHEDULES
    assert ScheduleFiring.objects.values("schedule", "due").distinct().count() == WAVES * SCHEDULES


def test_what_is_due_at_once_beyond_one_look_is_fired_once_each(many):
    """More than a look finds, rung for by three: the looks that follow take the rest, and none is taken twice."""
    tenant, rows = many
    like = {
        "request": "Say hello",
        "interval_s": 86_400,
        "overlap": "allow",
        "created_by": rows[0].created_by,
    }
    Schedule.objects.bulk_create(
        Schedule(name=f"more{number}", next_due=LONG_AGO, **like) for number in range(CROWD - SCHEDULES)
    )
    let_be_due(0)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(beat(tenant, []))
        assert fired(CROWD)
    assert held_together() == CROWD
    assert ScheduleFiring.objects.values("schedule").distinct().count() == CROWD
    assert schedules.due() == []


@pytest.mark.parametrize(
    "held",
    [
        "LOCK TABLE agents_step IN EXCLUSIVE MODE",
        "LOCK TABLE billing_reservation IN EXCLUSIVE MODE",
        "LOCK TABLE agents_schedulefiring IN EXCLUSIVE MODE",
    ],
)
def test_a_kill_in_the_middle_of_a_firing_leaves_nothing_and_the_next_one_fires(many, held):
    """Killed before the plan's row, before its money, and when all is opened but the firing is not written."""
    tenant, rows = many
    Schedule.objects.filter(pk=rows[0].pk).update(next_due=F("next_due") - timedelta(days=1, hours=1))
    with holding("platform", held) as pid, beat(tenant, rows[:1]) as doomed:
        assert waited_for(pid)
        os.kill(doomed.pid, signal.SIGKILL)
        doomed.wait(IN_TIME_S)
    assert (Execution.objects.count(), ScheduleFiring.objects.count()) == (0, 0)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(beat(tenant, rows[:1]))
        assert fired(1)
    assert held_together() == 1
