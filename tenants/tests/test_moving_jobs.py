"""Jobs of the platform serve a tenant that has a schema of its own like everybody else."""

import json
import logging
from datetime import timedelta

import pytest
from django.utils import timezone
from django_tenants.utils import tenant_context

from agents import executions, improvement, leases, submission
from agents.models import Execution, Lesson, Step
from billing import quota
from billing.models import Budget, LedgerEntry, Reservation
from miosa.pg.owner import as_owner
from miosa.testing.fixtures import open_tenant
from miosa.testing.flows import providers, run
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from tenants.places import SHARED, in_each_place, place, places
from tenants.tests.moving import fail, filled, looked_at, number_of_rows, rows_of

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

REQUEST = "Explain what causes the tides, in three sentences"
PLAN = {
    "reasoning": "One explanation is asked for.",
    "steps": [{"key": "explain", "agent": "communication", "instruction": REQUEST, "depends_on": []}],
}
ANSWER = "Tides are caused by the gravity of the Moon. The Sun helps. Most coasts see high water twice a day."


@pytest.fixture
def acme(silo):
    return silo(open_tenant("acme"))


@pytest.fixture
def globex(db):
    return open_tenant("globex")


def script(asked):
    return Reply(text=json.dumps(PLAN) if "response_format" in asked.body else ANSWER)


def waiting_step(tenant):
    with tenant_context(tenant):
        return executions.open_execution("Wait", ceiling_micros=0, requested_by="user:test").steps.get(
            key="plan"
        )


def expired(tenant, reference):
    with tenant_context(tenant):
        quota.reserve(reference, 1000)
        Reservation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_it_runs_a_whole_execution_in_a_silo(acme, embeddings_url):
    """Plan, steps, decisions, charges and memory all stand in the tenant's schema, and nothing in the shared tables."""
    with (
        WireServer(script) as kimi,
        WireServer(script) as groq,
        tenant_context(acme),
        providers(kimi=kimi.url, groq=groq.url, embeddings=embeddings_url),
    ):
        execution = run(submission.submit(REQUEST, requested_by="user:test"))
        assert execution.state == Execution.State.COMPLETED, list(
            execution.steps.values("key", "state", "error")
        )
        assert LedgerEntry.objects.filter(execution_id=execution.pk, meter="tokens").exists()
        assert Reservation.objects.get(reference=execution.reference).state == "settled"
    assert rows_of(acme, acme.schema_name)["routing_decision"]
    assert number_of_rows(acme, SHARED) == 0


def test_it_rings_for_steps_in_every_place(acme, globex):
    """A ready step is found whether its tenant is pooled or siloed, and once."""
    wanted = {(tenant.pk, waiting_step(tenant).pk) for tenant in (acme, globex)}
    for tenant in (acme, globex):
        with tenant_context(tenant):
            Step.objects.update(rung=None)
    assert {(one.tenant_id, one.step_id) for one in leases.due()} == wanted
    assert leases.due() == []


def test_it_frees_a_dead_workers_step_in_a_silo(acme):
    """A lease that ran out there is seen, and the step is claimed again."""
    step = waiting_step(acme)
    with tenant_context(acme):
        leases.claim(acme.pk, step.pk)
        Step.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert leases.due() == [(acme.pk, step.pk, False)]
    with tenant_context(acme):
        assert leases.claim(acme.pk, step.pk).fence == 2


def test_it_rings_for_lessons_in_a_silo(acme):
    """A lesson nobody has studied is found there."""
    filled(acme, 1)
    with tenant_context(acme):
        Lesson.objects.update(state=Lesson.State.QUEUED, rung=None)
        wanted = [(acme.pk, Lesson.objects.get().pk)]
    assert improvement.due() == wanted


def test_it_frees_reservations_in_every_place(acme, globex):
    """The sweep gives money back to the budget of a siloed tenant too."""
    for tenant in (acme, globex):
        expired(tenant, "dead")
    assert quota.sweep_expired() == 2
    for tenant in (acme, globex):
        with tenant_context(tenant):
            assert Reservation.objects.get().state == "expired"
            assert Budget.objects.get().reserved_micros == 0


def test_it_goes_on_when_one_silo_fails(acme, globex, silo, caplog):
    """A silo whose tables are not there is logged; the others, and the shared tables, are served."""
    broken = silo(open_tenant("broken"))
    for tenant in (acme, globex):
        expired(tenant, "dead")
    with as_owner() as connection, connection.cursor() as cursor:
        cursor.execute(f'REVOKE ALL ON ALL TABLES IN SCHEMA "{broken.schema_name}" FROM miosa_platform')
    assert places().index(broken.schema_name) > 0
    with caplog.at_level(logging.WARNING):
        assert quota.sweep_expired() == 2
    assert broken.schema_name in caplog.text
    assert looked_at() == SHARED


def test_it_puts_the_platforms_connection_back(acme):
    """After a visit, also one that failed, names mean the shared tables again."""
    with pytest.raises(ZeroDivisionError), place(acme.schema_name):
        fail()
    assert looked_at() == SHARED
    with place(acme.schema_name):
        assert looked_at() == acme.schema_name
    assert looked_at() == SHARED
    assert in_each_place("SELECT current_schema()") == [(SHARED,), (acme.schema_name,)]
