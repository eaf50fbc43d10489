"""Behind PgBouncer in transaction mode, with two server connections for everybody, every tenant stays itself."""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection, connections, transaction
from django_tenants.utils import tenant_context

from miosa.environment import environment
from miosa.pg.platform import platform
from miosa.pg.tenant_entry import LOCKS
from miosa.testing.fixtures import client_of, open_tenant
from miosa.tests.pooler import SERVER_CONNECTIONS, pgbouncer
from tenants.models import ApiKey, IdempotentRequest, Membership

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

THREADS = 16
ROUNDS = 60
ALIASES = ("default", "platform")
POOL = {"min_size": 1, "max_size": THREADS, "timeout": 30}


@pytest.fixture(scope="module")
def port(django_db_setup: None) -> Iterator[int]:
    """A PgBouncer before the server of the tests."""
    with pgbouncer([environment().database_url, environment().database_platform_url]) as port:
        yield port


@pytest.fixture(autouse=True)
def bounced(port: int, db: None) -> Iterator[None]:
    """Both logins go through it, each process with a pool of its own before it, as in production."""
    before = {alias: dict(connections[alias].settings_dict) for alias in ALIASES}
    for alias in ALIASES:
        _point(alias, HOST="127.0.0.1", PORT=str(port), OPTIONS={**before[alias]["OPTIONS"], "pool": POOL})
    yield
    for alias in ALIASES:
        _point(alias, **{name: before[alias][name] for name in ("HOST", "PORT", "OPTIONS")})


def _point(alias: str, **place: Any) -> None:
    connections[alias].close()
    connections[alias].close_pool()  # type: ignore[attr-defined]
    connections[alias].settings_dict.update(place)


@contextlib.contextmanager
def stranger(port: int) -> Iterator[psycopg.Connection[Any]]:
    """A client of the application's login that knows nothing of tenants."""
    url = settings.ENVIRONMENT.database_url
    name = connection.settings_dict["NAME"]
    with psycopg.connect(
        url, host="127.0.0.1", port=port, dbname=name, autocommit=True, prepare_threshold=None
    ) as made:
        yield made


def in_threads(work: Any) -> list[Any]:
    """Call `work(number)` in many threads at once, each with connections of its own."""

    def worked(number: int) -> Any:
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(worked, range(THREADS)))


def backends(port: int) -> set[int]:
    """Return the server connections that clients were given."""
    with stranger(port) as client:
        return {client.execute("SELECT pg_backend_pid()").fetchall()[0][0] for _ in range(20)}


def on_every_connection(port: int, statement: str, *, first: int = 0) -> None:
    """Run a statement on each server connection from the first one on: whoever is in a transaction has one for itself."""
    with contextlib.ExitStack() as strangers:
        clients = [strangers.enter_context(stranger(port)) for _ in range(SERVER_CONNECTIONS)]
        for client in clients:
            client.execute("BEGIN")
        for client in clients[first:]:
            client.execute(statement)
        for client in clients:
            client.execute("COMMIT")


def wrong_rows(tenants: list[Any]) -> Counter[str]:
    """Read and write in many threads as ever other tenants; count what each transaction saw that was not its own."""

    def work(number: int) -> Counter[str]:
        seen: Counter[str] = Counter()
        for turn in range(ROUNDS):
            mine = tenants[(number + turn) % len(tenants)]
            with tenant_context(mine), transaction.atomic():
                IdempotentRequest(route=f"/{number}", key=str(turn), fingerprint=b"f", status=200).save()
                rows = {row.tenant_id for row in IdempotentRequest._base_manager.all()}
                seen["right" if rows == {mine.pk} else "wrong"] += 1
            with tenant_context(mine):  # a statement outside a transaction has one of its own
                seen["right" if Membership._base_manager.get().tenant_id == mine.pk else "wrong"] += 1
        seen["wrong"] += Membership._base_manager.count()  # nobody's rows without a tenant
        return seen

    return sum(in_threads(work), Counter[str]())


def test_every_transaction_sees_its_tenant_only(port):
    """Sixteen threads, four tenants, two server connections: not one wrong row."""
    tenants = [open_tenant(f"tenant-{number}") for number in range(4)]
    counted = wrong_rows(tenants)
    assert counted == {"right": THREADS * ROUNDS * 2}
    assert len(backends(port)) <= SERVER_CONNECTIONS


def test_what_others_left_on_the_connections_changes_nothing(port):
    """Tenants and search paths that strangers set for their session are not ours, with a tenant or without."""
    tenants = [open_tenant(f"tenant-{number}") for number in range(4)]
    for number, tenant in enumerate(tenants[:2]):
        on_every_connection(
            port, f"SET app.tenant_id = '{tenant.pk}'; SET search_path = pg_catalog", first=number
        )
    try:
        with stranger(port) as client:
            left = client.execute("SHOW app.tenant_id").fetchall()
            assert left[0][0] in {str(tenant.pk) for tenant in tenants}  # the connections are dirty indeed
        assert wrong_rows(tenants) == {"right": THREADS * ROUNDS * 2}
    finally:
        on_every_connection(port, "RESET ALL")


def test_nothing_of_ours_stays_on_the_connections(port):
    """After a transaction no tenant, no search path, no prepared statement and no lock is left for the next client."""
    tenant = open_tenant("acme")
    in_threads(lambda _: _requests(tenant))
    with stranger(port) as client:
        for _ in range(20):
            found = client.execute(
                "SELECT coalesce(current_setting('app.tenant_id', true), ''), current_setting('search_path'),"
                " (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')"
            ).fetchone()
            assert found == ("", '"$user", public', 0, 0)


def _requests(tenant: Any) -> None:
    client = client_of(tenant)
    assert [client.get(f"/api/v1/{name}").status_code for name in ("executions", "usage", "me")] == [200] * 3


def test_api_and_platform_work_through_it():
    """Requests of two tenants and platform queries, side by side."""
    tenants = [open_tenant("acme"), open_tenant("globex")]
    clients = [client_of(tenant) for tenant in tenants]

    def work(number: int) -> Any:
        me = clients[number % 2].get("/api/v1/me").json()
        with platform():
            return me["email"], Membership._base_manager.count()

    assert Counter(in_threads(work)) == {(f"owner@{slug}.example", 2): 8 for slug in ("acme", "globex")}


def test_a_request_in_flight_is_marked(tenant):
    """Sixteen twins with one Idempotency-Key make one thing; a twin that comes too early is told so."""
    client = client_of(tenant)
    answers = in_threads(
        lambda _: (
            client.post(
                "/api/v1/api-keys",
                {"name": "twin", "scopes": ["usage:read"]},
                headers={"Idempotency-Key": "once"},
            ).status_code
        )
    )
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert ApiKey.objects.filter(name="twin").count() == 1


def test_a_tenant_that_moves_is_closed_and_nobody_else():
    """The lock of a move, held in a transaction, refuses its tenant at once; it is gone with the transaction."""
    moving, other = open_tenant("acme"), open_tenant("globex")
    held, done = threading.Event(), threading.Event()

    def move() -> None:
        with transaction.atomic(using="platform"), connections["platform"].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCKS, str(moving.pk)])
            held.set()
            done.wait(20)
        connections.close_all()

    mover = threading.Thread(target=move)
    mover.start()
    assert held.wait(20)
    try:
        with tenant_context(moving), pytest.raises(OperationalError, match="being moved"):
            Membership.objects.count()
        with tenant_context(other):
            assert Membership.objects.count() == 1
    finally:
        done.set()
        mover.join()
    with tenant_context(moving):
        assert Membership.objects.count() == 1
