"""However the database cuts somebody off, the client is told to come back, and the connection heals itself."""

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from psycopg_pool import PoolTimeout

from miosa.embedded.processes import until
from miosa.embedded.server import free_port
from miosa.environment import environment
from miosa.http.known_errors import problem_from
from miosa.pg.pool import Pool

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

CUTS = {
    "terminated": ["SELECT pg_terminate_backend(pg_backend_pid())"],
    "statement_timeout": ["SET LOCAL statement_timeout = '20ms'", "SELECT pg_sleep(10)"],
    "transaction_timeout": ["SET LOCAL transaction_timeout = '20ms'", "SELECT pg_sleep(10)"],
    "read_only": ["SET LOCAL transaction_read_only = on", "DELETE FROM tenants_session"],
}
# What the server can only be made to say by putting the words into its mouth.
STATES = (
    "admin_shutdown", "crash_shutdown", "cannot_connect_now", "too_many_connections", "disk_full", "out_of_memory",
    "deadlock_detected", "serialization_failure", "object_in_use", "lock_not_available", "idle_session_timeout",
)  # fmt: skip
SAY = "DO $$ BEGIN RAISE EXCEPTION 'said' USING ERRCODE = '{}'; END $$"


def said(*statements: str) -> DatabaseError:
    """Run statements in one transaction and return the error that ends it."""

    def run() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    with pytest.raises(DatabaseError) as caught:
        run()
    return caught.value


def is_told_to_come_back(error: BaseException) -> bool:
    """Say whether a client that meets this error gets 503 with Retry-After."""
    told = problem_from(error)
    return told is not None and told.status == 503 and int(told.headers["Retry-After"]) > 0


def works() -> bool:
    """Say whether the next statement on the same connection is answered."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


@contextlib.contextmanager
def owner() -> Iterator[psycopg.Connection[Any]]:
    """The owner of the tables, in the test database."""
    url = urlsplit(environment().database_owner_url)._replace(path=f"/{connection.settings_dict['NAME']}")
    with psycopg.connect(url.geturl(), autocommit=True) as made:
        yield made


@pytest.mark.parametrize("cut", CUTS)
def test_a_cut_transaction_is_503(cut):
    """The error is one that a client may try again after, and the next statement works."""
    assert is_told_to_come_back(said(*CUTS[cut]))
    assert works()


@pytest.mark.parametrize("state", STATES)
def test_what_the_server_says_in_need_is_503(state):
    """Shutting down, starting up, full, deadlocked: none of it is the client's fault, and all of it passes."""
    assert is_told_to_come_back(said(SAY.format(state)))
    assert works()


def test_who_dawdles_in_a_transaction_is_cut_off():
    """The server ends a transaction in which nothing happens; what is asked in it next is 503."""

    def dawdle() -> None:
        with owner() as watcher, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '20ms'")
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]
            alive = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
            assert until(lambda: watcher.execute(alive, [pid]).fetchone() == (0,), timeout_s=10)
            cursor.execute("SELECT 1")

    with pytest.raises(DatabaseError) as caught:
        dawdle()
    assert is_told_to_come_back(caught.value)
    assert works()


def test_a_connection_lost_between_transactions_is_made_anew():
    """What begins on a connection that died meanwhile is 503 at most once; no thread is left with a dead one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    _end(pid)
    assert is_told_to_come_back(said("SELECT 1"))
    assert works()


def test_a_query_that_waits_too_long_for_a_lock_is_503(api):
    """The API says when to come back instead of waiting for somebody's migration."""
    with owner() as migration, connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', '50ms', false)")
        with migration.transaction():
            migration.execute("LOCK TABLE agents_execution IN ACCESS EXCLUSIVE MODE")
            answer = api.get("/api/v1/executions")
    connection.close()
    assert (answer.status_code, int(answer["Retry-After"]) > 0) == (503, True)
    assert api.get("/api/v1/executions").status_code == 200


def test_a_busy_pool_keeps_its_time():
    """Who finds every connection taken waits as long as was agreed, and is told to come back."""
    with Pool(kwargs=_connect(), min_size=1, max_size=1, open=True) as pool, pool.connection():
        with pytest.raises(PoolTimeout) as caught:
            pool.getconn(timeout=0.7)
    assert is_told_to_come_back(caught.value)


def test_a_pool_without_a_server_refuses_at_once():
    """Nobody waits for a connection that cannot come, and the pool is whole as soon as the server is."""
    place = {**_connect(), "port": free_port()}
    with Pool(kwargs=place, min_size=1, max_size=3, timeout=30, open=True) as pool:
        for _ in range(2):
            with pytest.raises(PoolTimeout, match=r"after 0\.50 sec"):
                pool.getconn()
        place["port"] = _connect()["port"]
        with pool.connection() as made:
            assert made.execute("SELECT 1").fetchone() == (1,)


def test_a_restart_costs_one_look_and_not_one_for_each_connection():
    """When one idle connection is found dead the others are not tried one after the other."""
    with Pool(kwargs=_connect(), min_size=6, max_size=6, timeout=5, open=True) as pool:
        pool.wait()
        held = [pool.getconn() for _ in range(6)]
        pids = [made.info.backend_pid for made in held]
        for made in held:
            pool.putconn(made)
        _end(*pids)
        with pool.connection(timeout=1) as made:
            assert made.execute("SELECT 1").fetchone() == (1,)


def _connect() -> dict[str, Any]:
    return {**connection.get_connection_params(), "autocommit": True}


def _end(*pids: int) -> None:
    """End other connections of the application's own login."""
    with psycopg.connect(**_connect()) as killer:
        killer.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) pid", [list(pids)])
