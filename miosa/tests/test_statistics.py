"""The materialised views: what they add up, who sees it, and that they come and go without a trace."""

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections, transaction
from django_tenants.utils import tenant_context

from agents.models import Step
from billing import ledger
from miosa import statistics
from miosa.models import AgentPerformance, ModelPerformance, SpendByDay
from miosa.pg import rebuilt_view
from miosa.pg.platform import platform
from miosa.tasks import heartbeat, refresh_statistics
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import fill

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
VIEWS = [AgentPerformance, ModelPerformance, SpendByDay]


@pytest.fixture
def acme():
    made = open_tenant("acme")
    fill(made, 1)
    fill(made, 2)
    return made


@pytest.fixture
def globex():
    made = open_tenant("globex")
    fill(made, 1)
    return made


def test_it_shows_new_rows_after_a_refresh(acme):
    """A view is as old as its last refresh, says when that was, and then holds what the tables hold."""
    statistics.refresh()
    with tenant_context(acme):
        fill(acme, 3)
        assert AgentPerformance.objects.get(agent="communication").total == 2
        before = statistics.as_of()
        assert before
        assert statistics.refresh() == ["agent_performance", "model_performance", "spend_by_day"]
        assert AgentPerformance.objects.get(agent="communication").total == 3
    after = statistics.as_of()
    assert after
    assert after > before


def test_it_adds_up_what_the_registry_adds_up(acme):
    """Totals, successes and means of an agent equal those of its steps."""
    from agents import registry

    statistics.refresh()
    with tenant_context(acme):
        Step.objects.create(
            execution=Step.objects.first().execution, key="b", position=2, agent="quality", purpose="p", instruction="i",
            state="failed", finished=datetime.now(UTC),
        )  # fmt: skip
        statistics.refresh()
        live = registry.standings()
        kept = {row.agent: row for row in AgentPerformance.objects.all()}
        assert kept.keys() == live.keys() == {"communication", "quality"}
        for kind, one in live.items():
            row = kept[kind]
            assert (row.total, row.successes, row.last_finished) == (
                one.total,
                one.successful,
                one.last_finished,
            )
            assert row.mean_confidence == one.mean_confidence
            assert row.mean_ms == one.mean_ms


def test_it_counts_what_models_used_and_how_they_did(acme):
    """Requests and successes come from outcomes; calls, tokens and cost from the calls, failed ones with them."""
    from django.utils import timezone

    from routing.models import Decision, ModelCall

    with tenant_context(acme):
        ModelCall.objects.create(
            decision=Decision.objects.first(), number=2, model="some/model", provider="local", winner=False, status=503,
            input_tokens=10, cost_micros=5, latency_ms=9000, created=timezone.now(),
        )  # fmt: skip
        statistics.refresh()
        row = ModelPerformance.objects.get()
    assert (row.model, row.task_kind, row.provider) == ("some/model", "chat", "local")
    assert (row.requests, row.successes, row.calls) == (2, 2, 3)
    assert (row.tokens, row.cost_micros) == (150, 505)
    assert row.mean_latency_ms == 900  # of answers: a call that failed answered nothing


def test_it_sums_each_day_by_utc(acme):
    """An entry counts on its day in UTC, whatever the clock of the server's place says."""
    with tenant_context(acme):
        for at in (datetime(2026, 3, 1, 23, 59, tzinfo=UTC), datetime(2026, 3, 2, 0, 1, tzinfo=UTC)):
            ledger.post("tokens", 5, cost_micros=100, source="test", source_id=str(at), occurred_at=at)
        statistics.refresh()
        found = {
            str(row.day): (row.cost_micros, row.tokens)
            for row in SpendByDay.objects.filter(day__year=2026, day__month=3)
        }
    assert found == {"2026-03-01": (100, 5), "2026-03-02": (100, 5)}


@pytest.mark.parametrize("view", VIEWS)
def test_it_shows_a_tenant_its_own_rows_only(acme, globex, view):
    """The barrier view answers each tenant with its rows, nobody with none, and the platform with all, once."""
    statistics.refresh()
    assert not view.objects.exists()
    for tenant in (acme, globex):
        with tenant_context(tenant):
            assert {row.tenant_id for row in view.objects.all()} == {tenant.pk}
    with platform():
        rows = list(view.objects.all())
    assert {row.tenant_id for row in rows} == {acme.pk, globex.pk}
    assert len({row.pk for row in rows}) == len(rows)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM stats.agent_performance_of_all",
        "REFRESH MATERIALIZED VIEW stats.agent_performance_of_all",
        "DROP VIEW stats.agent_performance",
        "UPDATE stats.refreshed SET at = now()",
        "CREATE TABLE stats.mine (id int)",
    ],
)
def test_it_keeps_the_application_from_what_lies_behind(acme, statement):
    """The application reads the barrier view, and nothing else in that schema."""
    with (
        tenant_context(acme),
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_it_leaves_a_refresh_that_runs_alone(acme):
    """While one refresh holds the lock another does nothing, at once."""
    with transaction.atomic(using="platform"), connections["platform"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [rebuilt_view.LOCK])
        other = connections.create_connection("platform")
        mine = connections["platform"]
        connections["platform"] = other
        try:
            assert statistics.refresh() == []
        finally:
            connections["platform"] = mine
            other.close()


def test_it_is_refreshed_by_a_task(acme):
    """The task that beat sends refreshes the views."""
    before = statistics.as_of()
    assert before
    refresh_statistics()
    after = statistics.as_of()
    assert after
    assert after > before


def test_it_reports_the_worker_by_a_task(db):
    """The heartbeat task makes readiness see the worker, and beat sends both tasks in time."""
    from django.core.cache import cache

    from miosa.celery import app
    from miosa.health import WORKER_KEY, WORKER_SILENT_AFTER_S

    cache.delete(WORKER_KEY)
    heartbeat()
    assert cache.get(WORKER_KEY)
    sent = {entry["task"]: entry["schedule"] for entry in app.conf.beat_schedule.values()}
    assert sent["miosa.heartbeat"] < WORKER_SILENT_AFTER_S
    assert "miosa.refresh_statistics" in sent


def test_it_has_a_column_for_each_field():
    """The models that read the views name exactly their columns."""
    for view in apps.get_app_config("miosa").get_models():
        name = view._meta.db_table.split(".")[1].strip('"')
        with connections["platform"].cursor() as cursor:
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'stats' AND table_name = %s",
                [name],
            )
            columns = {column for (column,) in cursor.fetchall()}
        assert columns == {field.column for field in view._meta.concrete_fields}, name
