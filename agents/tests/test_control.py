"""Executions are paused, go on, and are done anew over the API."""

from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from agents import executions, leases, orchestrator
from agents.insight import events_after
from agents.models import Execution, Step
from agents.tests.test_executions import end, planned
from billing import quota
from billing.models import Reservation
from tenants.models import AuditEntry


def place(execution, what):
    return f"/api/v1/executions/{execution.pk}/{what}"


@pytest.fixture
def execution(tenant):
    """One with money set aside: its plan is done, a and b are ready."""
    with transaction.atomic():
        made = planned(tenant)
        quota.reserve(made.reference, 0)
        executions.advance(made.pk)
    return made


def states(execution):
    return dict(execution.steps.exclude(key="plan").values_list("key", "state"))


def test_nothing_begins_while_it_is_paused(api, tenant, execution):
    """Ready steps are held and no worker gets them; who runs ends its step, and what waits for it is held as well."""
    running = leases.claim(tenant.pk, execution.steps.get(key="a").pk)
    answer = api.post(place(execution, "pause"))
    assert (answer.status_code, answer.json()["paused"] is None) == (200, False)
    assert states(execution) == {"a": "running", "b": "held", "c": "waiting", "conclude": "waiting"}
    assert leases.claim(tenant.pk, execution.steps.get(key="b").pk) is None
    executions.complete(running, {"success": True, "confidence": 8}, told={})
    Step.objects.filter(execution=execution, key="b").update(state="ready")  # as a reaper would leave it
    orchestrator.run_step(tenant.pk, execution.steps.get(key="b").pk)
    held = execution.steps.get(key="b")
    assert (held.state, held.attempt, held.lease_until) == ("held", 0, None)


def test_it_goes_on_where_it_was(api, tenant, execution):
    """Held steps are ready again, and nothing is done twice."""
    api.post(place(execution, "pause"))
    answer = api.post(place(execution, "resumption"))
    assert (answer.status_code, answer.json()["paused"]) == (200, None)
    assert states(execution) == {"a": "ready", "b": "ready", "c": "waiting", "conclude": "waiting"}
    assert end(tenant, execution, "a") == []
    assert end(tenant, execution, "b") == ["c"]
    kinds = [event["kind"] for event in events_after(execution.pk, 0).events]
    assert kinds.index("task_paused") < kinds.index("task_resumed")
    actions = AuditEntry.objects.filter(object_id=str(execution.pk)).values_list("action", flat=True)
    assert {"execution.paused", "execution.resumed"} <= set(actions)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_its_money_stays_for_a_week_and_no_longer(api, execution):
    """Set aside while it rests; given back after that, and then it does not go on without."""
    api.post(place(execution, "pause"))
    left = Reservation.objects.get(reference=execution.reference).lease_until - timezone.now()
    assert 6 < left.total_seconds() / 86_400 <= 7
    Reservation.objects.update(lease_until=timezone.now())
    quota.sweep_expired()
    answer = api.post(place(execution, "resumption"))
    assert answer.status_code == 409
    assert "forks" in answer.json()["detail"]
    assert api.post(place(execution, "cancellation")).status_code == 200


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ("pause", "pause", "paused already"),
        ("", "resumption", "not paused"),
        ("cancellation", "pause", "cancelled already"),
        ("cancellation", "resumption", "cancelled already"),
    ],
)
def test_what_makes_no_sense_is_told(api, execution, first, then, said):
    """409 with what is the case."""
    if first:
        assert api.post(place(execution, first)).status_code == 200
    answer = api.post(place(execution, then))
    assert answer.status_code == 409
    assert said in answer.json()["detail"]


def test_a_paused_execution_can_be_cancelled(api, execution):
    """Held steps are cancelled like all others."""
    api.post(place(execution, "pause"))
    api.post(place(execution, "cancellation"))
    assert set(states(execution).values()) == {"cancelled"}


def test_a_retry_and_a_fork_are_new_executions(api, tenant, execution):
    """202 and where to follow it; the old one is named."""
    end(tenant, execution, "a", failed=True)
    answer = api.post(place(execution, "retries"), {})
    assert answer.status_code == 202
    made = api.get(answer["Location"]).json()
    assert (made["origin_id"], made["origin_step"]) == (str(execution.pk), "a")
    answer = api.post(place(execution, "forks"), {"from_step": "b", "instruction": "do it in French"})
    made = Execution.objects.get(pk=UUID(answer.json()["id"]))
    assert made.steps.get(key="b").instruction == "do it in French"


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("forks", {}),
        ("forks", {"from_step": "b"}),
        ("forks", {"request": "x", "steps": []}),
        ("retries", {"from_step": "nowhere"}),
        ("retries", {"from_step": "b", "request": "x"}),
    ],
)
def test_what_cannot_be_done_anew_is_told(api, execution, route, body):
    """422, and no execution more."""
    assert api.post(place(execution, route), body).status_code == 422
    assert Execution.objects.count() == 1
