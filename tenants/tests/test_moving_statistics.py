"""The statistics count a tenant wherever its rows lie, before, during and after a move."""

import pytest
from django.db import connections
from django_tenants.utils import tenant_context

from miosa import statistics
from miosa.models import AgentPerformance, ModelPerformance, SpendByDay
from miosa.pg.owner import as_owner
from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import fill
from tenants.moving.move import pool, silo
from tenants.places import SHARED
from tenants.tests.moving import command, filled, holding, quiet, waited_for

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True), pytest.mark.usefixtures("silo")]

VIEWS = (AgentPerformance, ModelPerformance, SpendByDay)
SHAPE = """
SELECT relname::text, relkind::text, relowner::regrole::text, relacl::text, reloptions::text FROM pg_class
WHERE relnamespace = 'stats'::regnamespace ORDER BY 1"""
COLUMNS = """
SELECT attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod) FROM pg_attribute
JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'stats'::regnamespace AND attnum > 0 ORDER BY 1, attnum"""
PLACES = "SELECT view, places FROM stats.refreshed ORDER BY view"


@pytest.fixture
def acme():
    made = open_tenant("acme")
    filled(made)
    return made


@pytest.fixture
def globex():
    made = open_tenant("globex")
    filled(made, 1)
    return made


def asked(query):
    with connections["platform"].cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def sums():
    """Return every row of every view, as the platform sees them."""
    with platform():
        return [sorted(view.objects.values_list()) for view in VIEWS]


def test_it_counts_the_same_before_and_after(acme, globex):
    """Every sum of both tenants is the same in the pool, in the silo and back, also after a refresh."""
    statistics.refresh()
    before = sums()
    assert all(before)
    for move, there in ((silo, [SHARED, acme.schema_name]), (pool, [SHARED])):
        move("acme", wait_s=5, say=quiet)
        assert {tuple(places) for _, places in asked(PLACES)} == {tuple(there)}
        assert sums() == before
        statistics.refresh()
        assert sums() == before


def test_it_counts_what_is_new_in_a_silo(acme):
    """A row written after the move is in the next refresh, and only its tenant reads it."""
    silo("acme", wait_s=5, say=quiet)
    fill(acme, 9)
    statistics.refresh()
    with tenant_context(acme):
        assert AgentPerformance.objects.get(agent="communication").total == 4
    with tenant_context(open_tenant("globex")):
        assert not AgentPerformance.objects.exists()


def test_it_leaves_barrier_grants_and_names_as_they_were(acme):
    """Owner, rights, options, columns and indexes are the same after the views were made anew."""
    before = asked(SHAPE), asked(COLUMNS)
    silo("acme", wait_s=5, say=quiet)
    assert (asked(SHAPE), asked(COLUMNS)) == before
    pool("acme", wait_s=5, say=quiet)
    assert (asked(SHAPE), asked(COLUMNS)) == before


def test_it_answers_readers_while_it_is_made_anew(acme, globex):
    """While a view waits to be changed for the new one its readers get their answer."""
    statistics.refresh()
    # A reader of the old view is open: the new one stands built beside it and waits.
    with holding("platform", "SELECT count(*) FROM stats.agent_performance_of_all") as pid:
        with command("silo", "acme") as process:
            assert waited_for(pid), process.communicate()
            with tenant_context(globex):
                assert ModelPerformance.objects.get().calls == 1
                assert SpendByDay.objects.exists()


def test_it_does_nothing_when_nothing_changed(acme):
    """The same places give the same views: none is made anew."""
    assert statistics.rebuild() == []
    silo("acme", wait_s=5, say=quiet)
    assert statistics.rebuild() == []


def test_it_keeps_the_query_of_views_that_were_made_without(acme):
    """A database from before queries were kept gets them from its views, and then counts silos too."""
    statistics.refresh()
    before, kept = sums(), asked("SELECT query, view FROM stats.refreshed")
    with connections["platform"].cursor() as cursor:
        cursor.execute(
            "ALTER TABLE stats.refreshed DROP COLUMN query, DROP COLUMN unique_columns, DROP COLUMN places"
        )
    silo("acme", wait_s=5, say=quiet)
    assert {tuple(places) for _, places in asked(PLACES)} == {(SHARED, acme.schema_name)}
    assert sums() == before
    with connections[
        "platform"
    ].cursor() as cursor:  # as the migrations wrote them, for the tests that follow
        cursor.executemany("UPDATE stats.refreshed SET query = %s WHERE view = %s", kept)


def test_it_leaves_out_a_silo_that_is_not_migrated(acme, globex):
    """A schema without a column that a query reads does not stop the statistics of the others."""
    for slug in ("acme", "globex"):
        silo(slug, wait_s=5, say=quiet)
    with as_owner() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SET ROLE miosa_platform; DROP MATERIALIZED VIEW stats.agent_performance_of_all CASCADE; RESET ROLE"
        )
        cursor.execute(f'ALTER TABLE "{acme.schema_name}".agents_step RENAME confidence TO certainty')
    assert statistics.rebuild() == ["agent_performance"]
    with platform():
        assert {row.tenant_id for row in AgentPerformance.objects.all()} == {globex.pk}
        assert {row.tenant_id for row in ModelPerformance.objects.all()} == {acme.pk, globex.pk}
