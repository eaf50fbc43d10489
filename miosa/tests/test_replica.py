"""Sums are read from a real streaming standby: the tenant's own rows, nothing written, and the primary when it is away."""

import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import BooleanField, Func
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import tenant_context

from miosa import insight
from miosa.embedded.keeper import paths
from miosa.embedded.state import State
from miosa.environment import environment
from miosa.models import SpendByDay
from miosa.pg import alias, replica
from miosa.pg.platform import platform
from miosa.pg.replica import REPLICA, ReadOnly, analytics, may_lag
from miosa.testing.fixtures import client_of, open_tenant
from miosa.tests.standby import Standby, standby_of
from tenants.models import Membership, Tenant

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


class InRecovery(Func):
    """Whether the server that answers is a standby."""

    function = "pg_is_in_recovery"
    arity = 0
    output_field = BooleanField()


@pytest.fixture(scope="module")
def standby(django_db_setup: None) -> Iterator[Standby]:
    """A standby of the server of the tests, and alias "replica" as the settings make it: Django's tests know it early."""
    state = State(environment().state_dir)
    record = json.loads(paths(state, "database").record.read_text())
    with standby_of(record["url"], state) as standby:
        place = urlsplit(environment().database_url)
        netloc = f"{place.netloc.rpartition('@')[0]}@127.0.0.1:{standby.port}"
        url = place._replace(netloc=netloc, path=f"/{connection.settings_dict['NAME']}").geturl()
        defaults = {**connection.settings_dict, "ATOMIC_REQUESTS": False}
        connections.settings[REPLICA] = {**defaults, **alias.replica(url, pool=0)}
        yield standby
        connections[REPLICA].close()
        del connections[REPLICA], connections.settings[REPLICA]


@pytest.fixture
def there(standby: Standby, db: None, monkeypatch: pytest.MonkeyPatch) -> Standby:
    """The standby, which nobody missed yet."""
    monkeypatch.setattr(replica, "_away_until", 0.0)
    return standby


def server() -> list[bool]:
    """Ask by the ORM, with the tenant's memberships, whether a standby answers: one answer for each row."""
    return list(Membership._base_manager.annotate(standby=InRecovery()).values_list("standby", flat=True))


def made(standby: Standby, *slugs: str) -> list[Tenant]:
    """Open tenants, each with one membership, and wait until the standby knows them."""
    tenants = [open_tenant(slug) for slug in slugs]
    standby.catch_up()
    return tenants


def test_only_what_may_lag_is_read_there(there):
    """Inside `analytics` a standby answers, outside the primary; the models of the views know by themselves."""
    [acme] = made(there, "acme")
    with tenant_context(acme):
        assert server() == [False]
        with analytics():
            assert server() == [True]
        assert server() == [False]
        assert may_lag(server)() == [True]
        assert SpendByDay.objects.all().db == REPLICA
        assert Membership.objects.all().db == "default"


def test_without_a_replica_nothing_changes(tenant, monkeypatch):
    """The same functions are answered by the primary where no replica is set up."""
    monkeypatch.delitem(connections.settings, REPLICA, raising=False)
    with analytics():
        assert server() == [False]
    assert may_lag(server)() == [False]
    assert SpendByDay.objects.all().db == "default"


def test_the_tenant_in_force_is_in_force_there(there):
    """Inside a transaction and outside, and when it changes; without a tenant there are no rows."""
    tenants = made(there, "acme", "globex")
    query = "SELECT tenant_id FROM tenants_membership"
    for tenant in (*tenants, *tenants):
        with tenant_context(tenant), connections[REPLICA].cursor() as cursor:
            cursor.execute(query)
            assert cursor.fetchall() == [(tenant.pk,)]
    with transaction.atomic(using=REPLICA), connections[REPLICA].cursor() as cursor:
        for tenant in (*tenants, *tenants):
            with tenant_context(tenant):
                cursor.execute("SELECT 1")  # a cursor follows at its next statement
                assert [row.tenant_id for row in Membership._base_manager.using(REPLICA)] == [tenant.pk]
    with analytics():
        assert server() == []
    with connections[REPLICA].cursor() as cursor:
        cursor.execute(query)
        assert cursor.fetchall() == []


def test_a_tenant_with_a_schema_of_its_own_is_read_there(there):
    """The registry of the standby says where the tenant lives."""
    [acme] = made(there, "acme")
    with platform():
        Tenant.objects.filter(pk=acme.pk).update(isolation=Tenant.Isolation.SILO)
    there.catch_up()
    with tenant_context(acme), connections[REPLICA].cursor() as cursor:
        cursor.execute("SHOW search_path")
        assert cursor.fetchone() == (f"{acme.schema_name}, public",)


def test_one_block_is_one_moment(there):
    """All sums of a block come from the same snapshot, whatever is committed meanwhile."""
    [acme] = made(there, "acme")
    with tenant_context(acme):
        with analytics():
            assert len(server()) == 1
            with tenant_context(acme), transaction.atomic():
                Membership._base_manager.using("default").delete()
            there.catch_up()
            assert len(server()) == 1
        with analytics():
            assert server() == []


def test_nothing_is_written_there(there):
    """The router refuses what the ORM would write, and the server what anybody else would."""
    [acme] = made(there, "acme")
    with tenant_context(acme):
        with analytics(), pytest.raises(ReadOnly, match="read it again from the primary"):
            Membership.objects.create(role="member")
        with analytics():
            row = Membership.objects.get()
        with pytest.raises(ReadOnly):
            row.save()
        with (
            pytest.raises(DatabaseError, match="read-only transaction"),
            connections[REPLICA].cursor() as cursor,
        ):
            cursor.execute("UPDATE tenants_membership SET role = 'member'")
    assert issubclass(ReadOnly, RuntimeError)


def test_a_replica_that_is_the_primary_refuses_writes_too(there, monkeypatch):
    """A wrong URL does not make it writable."""
    connections[REPLICA].close()
    monkeypatch.setitem(connections[REPLICA].settings_dict, "PORT", connection.settings_dict["PORT"])
    with pytest.raises(DatabaseError, match="read-only transaction"), connections[REPLICA].cursor() as cursor:
        cursor.execute("INSERT INTO tenants_membership DEFAULT VALUES")
    connections[REPLICA].close()


def test_the_platform_wins(there):
    """Who works as the platform reads and writes on its login, also inside `analytics`."""
    made(there, "acme", "globex")
    with platform(), analytics():
        assert server() == [False, False]
    with analytics(), platform():
        assert server() == [False, False]
        assert SpendByDay.objects.all().db == "platform"


def test_usage_and_statistics_come_from_there(there):
    """The API's usage, an agent's roster and the sums of the dashboard ask the standby."""
    [acme] = made(there, "acme")
    client = client_of(acme)
    there.catch_up()
    for path in ("usage", "agents"):
        with CaptureQueriesContext(connections[REPLICA]) as asked:
            assert client.get(f"/api/v1/{path}").status_code == 200
        assert any("FROM" in query["sql"] for query in asked), path
    with tenant_context(acme), CaptureQueriesContext(connections[REPLICA]) as asked:
        insight.month_use()
        insight.executions_by_day()
    assert sum("FROM" in query["sql"] for query in asked) == 2


def test_a_replica_that_is_away_is_passed_over(there, caplog):
    """Requests are answered by the primary, with one line in the log for many of them; later it is tried again."""
    [acme] = made(there, "acme")
    client = client_of(acme)
    there.stop()
    try:
        with caplog.at_level(logging.WARNING, logger="miosa.pg.replica"), tenant_context(acme):
            assert [client.get("/api/v1/usage").status_code for _ in range(3)] == [200, 200, 200]
            assert may_lag(server)() == [False]
            assert SpendByDay.objects.all().db == "default"
        assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
            "The replica is away, the primary answers for 10 s"
        ]
    finally:
        there.start()
    replica._away_until = 0.0
    with tenant_context(acme):
        assert may_lag(server)() == [True]


def test_a_replica_that_goes_in_the_middle_is_passed_over(there):
    """A function that only reads is called again, and its answer is whole."""
    [acme] = made(there, "acme")
    answers: list[Any] = []

    @may_lag
    def sums() -> list[bool]:
        first = server()
        answers.append(first)
        if first == [True]:
            with connections[REPLICA].cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return first + server()

    with tenant_context(acme):
        assert sums() == [False, False]
    assert answers == [[True], [False]]
