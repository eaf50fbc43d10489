"""The admin's pages of schedules: they list, and let one rest, run and run now."""

import pytest
from django.urls import reverse
from django_tenants.utils import tenant_context

from agents import schedules
from agents.models import Execution, Schedule, ScheduleFiring
from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import fill, operator, queries, signed_in
from tenants.models import AuditEntry, Membership

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
YES = {"_form_submitted": "True"}


@pytest.fixture
def acme():
    return open_tenant("acme")


@pytest.fixture
def hourly(acme):
    with tenant_context(acme):
        person = Membership.objects.get().user_id
        values = {"name": "news", "request": "Say hello", "interval_s": 3600}
        return schedules.make(values, created_by=f"user:{person}")


def press(client, schedule, what):
    return client.post(reverse(f"admin:agents_schedule_{what}_schedule", args=[schedule.pk]), YES)


@pytest.mark.parametrize("name", ["agents_schedule", "agents_schedulefiring"])
def test_it_lists_more_rows_without_more_queries(acme, name):
    """The number of queries does not follow the number of rows."""
    client = operator()
    fill(acme, 1)
    few = queries(client, name)
    for number in (2, 3):
        fill(acme, number)
    assert queries(client, name) == few


def test_it_rests_and_runs_again(acme, hourly):
    """Two buttons, of which one is there at a time; each press is in the tenant's log with who did it."""
    client = operator()
    page = reverse("admin:agents_schedule_change", args=[hourly.pk])
    assert b"Disable" in client.get(page).content
    press(client, hourly, "disable")
    with platform():
        assert Schedule.objects.get().next_due is None
    assert b"Disable" not in client.get(page).content
    press(client, hourly, "enable")
    with platform():
        assert Schedule.objects.get().enabled
        actions = dict(AuditEntry.objects.values_list("action", "actor"))
    assert {"schedule.disabled", "schedule.enabled"} <= set(actions)
    assert actions["schedule.enabled"].startswith("staff:")


def test_it_runs_now_for_whom_it_runs(acme, hourly):
    """An execution of its maker; a second press says that the first is under way."""
    client = operator()
    press(client, hourly, "run")
    press(client, hourly, "run")
    with platform():
        execution = Execution.objects.get()
        assert execution.requested_by == hourly.created_by
        assert ScheduleFiring.objects.get().by_hand
    page = client.get(reverse("admin:agents_schedule_change", args=[hourly.pk]))
    assert b"still under way" in page.content


def test_who_may_only_look_has_no_buttons(hourly):
    """And a press of somebody without the right changes nothing."""
    client = signed_in("eve@miosa.example", is_staff=True)
    assert press(client, hourly, "disable").status_code in {302, 403}
    with platform():
        assert Schedule.objects.get().enabled
