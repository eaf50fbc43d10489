"""A bare machine starts what no variable names, shares it, and leaves nothing behind."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import redis

from miosa.embedded import services
from miosa.embedded.processes import is_alive, until
from miosa.embedded.services import ensure
from miosa.embedded.state import State
from miosa.tests.bare_machine import BareMachine, answer, bare_machine, processes_of

DATABASE = ("database",)
BROKER = ("broker",)


@pytest.fixture
def machine() -> Iterator[BareMachine]:
    """A fresh machine."""
    with bare_machine() as machine:
        yield machine


def test_it_works(machine):
    """The database answers as the application, with pgvector; the broker answers with its password only."""
    filled = ensure(machine.environment(), need={"database", "broker"})
    with psycopg.connect(filled.database_url) as connection:
        row = connection.execute(
            "SELECT current_user, '[3,4]'::vector <-> '[0,0]', current_database()"
        ).fetchone()
        assert row == ("miosa_app", 5.0, "miosa")
    broker = redis.Redis.from_url(filled.redis_url)
    assert broker.ping()
    assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=machine.record("broker").port).ping()
    assert len(filled.jwt_secret) >= 32
    assert set(filled.filled) == {
        "DATABASE_URL", "DATABASE_PLATFORM_URL", "DATABASE_OWNER_URL", "REDIS_URL", "JWT_SECRET"
    }  # fmt: skip


def test_twice_is_once(machine):
    """A second call uses the servers of the first."""
    first = ensure(machine.environment(), need=BROKER)
    server = machine.record("broker").server
    assert ensure(machine.environment(), need=BROKER) == first
    assert machine.record("broker").server == server


def test_what_a_variable_names_is_not_started(machine):
    """With DATABASE_URL and REDIS_URL set nothing runs, nothing is derived, no folder is made."""
    named = machine.environment(
        DATABASE_URL="postgresql://app:1@db/miosa", DATABASE_PLATFORM_URL="postgresql://platform:2@db/miosa",
        REDIS_URL="redis://cache", JWT_SECRET="kq3ZtV8mXc1pLw9sRb7nYd2fGh6jTa4u", EMBEDDINGS_URL="http://e/v1",
        LOCAL_MODEL_URL="http://m/v1", MIOSA_SANDBOXES_URL="http://:s@s:1", MIOSA_HOSTING_URL="http://:h@h:1",
    )  # fmt: skip
    assert ensure(named) == named
    assert not machine.state.root.exists()


def test_an_external_server_gets_its_logins_and_no_embedded_one_starts(machine):
    """DATABASE_URL alone is an administrative login: the three logins are made there."""
    ensure(machine.environment(), need=DATABASE)
    elsewhere = State(machine.root / "elsewhere")
    external = replace(
        machine.environment(DATABASE_URL=machine.record("database").url), state_dir=elsewhere.root
    )
    filled = ensure(external, need=DATABASE)
    assert not list(elsewhere.run.glob("database*"))
    with psycopg.connect(filled.database_platform_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("miosa_platform",)
    assert set(filled.filled) == {"DATABASE_PLATFORM_URL", "DATABASE_OWNER_URL", "JWT_SECRET"}


def test_racing_starters_get_one_server(machine):
    """Four processes at once on a fresh folder: one cluster, one server, one URL, nobody fails."""
    users = [machine.user("database", "broker") for _ in range(4)]
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(answer, users))
    assert len(set(map(tuple, answers))) == 1
    servers = [
        pid
        for pid in processes_of(machine.root)
        if b"-D" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    ]
    assert servers == [machine.record("database").server]


def test_kill_9_of_the_only_user_leaves_nothing(machine):
    """Keepers and servers end by themselves when the process they work for is killed."""
    user = machine.user("database", "broker")
    answer(user)
    pids = [pid for name in ("database", "broker") for pid in _pids(machine, name)]
    assert all(map(is_alive, pids))
    user.kill()
    user.wait()
    assert until(lambda: not any(map(is_alive, pids)), timeout_s=15)
    assert until(lambda: not processes_of(machine.root), timeout_s=20)


def test_the_servers_stay_for_those_who_still_use_them(machine):
    """Whoever started a server may leave: it stops after its last user, who sees it gone."""
    starter = machine.user(*BROKER)
    answer(starter)
    filled = ensure(machine.environment(), need=BROKER)
    server = machine.record("broker").server
    starter.communicate("")
    assert starter.returncode == 0
    assert redis.Redis.from_url(filled.redis_url).ping()
    assert machine.record("broker").server == server
    services.release()
    assert not is_alive(server)
    assert not processes_of(machine.root)


def test_a_user_who_leaves_alone_waits_for_the_end(machine):
    """When a command that started servers returns, they have stopped: nothing is left for a moment either."""
    user = machine.user("database", "broker")
    answer(user)
    user.communicate("")
    assert user.returncode == 0
    assert processes_of(machine.root) == []


def test_kill_9_of_a_server_starts_it_again_in_its_place(machine):
    """The keeper brings a killed database back on the same port with its rows; clients reconnect."""
    filled = ensure(machine.environment(), need=DATABASE)
    with psycopg.connect(filled.database_owner_url) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    old = machine.record("database")
    os.kill(old.server, signal.SIGKILL)
    assert until(lambda: machine.record("database").server != old.server, timeout_s=20)
    with psycopg.connect(filled.database_url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_kill_9_of_a_keeper_ends_its_server_and_the_next_call_starts_both(machine):
    """A killed keeper leaves no orphan; what it left on disk does not mislead the next one."""
    filled = ensure(machine.environment(), need=BROKER)
    redis.Redis.from_url(filled.redis_url).set("kept", "7")
    old = machine.record("broker")
    os.kill(old.keeper, signal.SIGKILL)
    assert until(lambda: not is_alive(old.server), timeout_s=10)
    again = ensure(machine.environment(), need=BROKER)
    assert redis.Redis.from_url(again.redis_url).get("kept") == b"7"
    assert machine.record("broker").keeper != old.keeper


def test_a_restart_keeps_rows_and_addresses(machine):
    """Data survives, and so do ports and passwords: an URL noted yesterday works today."""
    first = ensure(machine.environment(), need=DATABASE)
    with psycopg.connect(first.database_owner_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    services.release()
    second = ensure(machine.environment(), need=DATABASE)
    assert second == first
    with psycopg.connect(second.database_url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def _pids(machine: BareMachine, name: str) -> tuple[int, int]:
    record = machine.record(name)
    return record.keeper, record.server
