"""The ear of a process: what happens when it is lost, and behind a pooler that has none."""

import time

import pytest
from django.db import connection

from miosa.embedded.processes import until
from miosa.environment import environment
from miosa.testing.fixtures import open_tenant
from miosa.tests.pooler import pgbouncer
from routing.board import FRESH_S
from routing.tests.peer import peers, requests_are, seen_in_time

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

LISTENERS = "FROM pg_stat_activity WHERE query = 'LISTEN router' AND datname = current_database()"


@pytest.fixture
def acme():
    """A tenant whose row every process sees."""
    return open_tenant("acme")


def terminate_listeners() -> int:
    """End the server's side of every listening connection; return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(pg_terminate_backend(pid)) {LISTENERS}")
        return int(cursor.fetchone()[0])


def test_a_lost_ear_comes_back_by_itself(acme):
    """Its connection is terminated: the process looks every second, then it hears again."""
    with peers(acme, 2) as (a, b):
        b.listen()
        assert until(b.hears, timeout_s=10)
        assert b.current()["requests"] == 0
        assert terminate_listeners() == 1
        assert until(lambda: not b.hears(), timeout_s=20)
        a.learn()
        seen_in_time(b, requests_are(1), since=time.monotonic())
        assert until(b.hears, timeout_s=10)
        a.learn()
        seen_in_time(b, requests_are(2), since=time.monotonic())


def test_what_was_told_to_a_lost_ear_is_read_when_it_is_back(acme):
    """An outcome that is committed while nobody listens is known to the first decision after the ear is back."""
    with peers(acme, 2) as (a, b):
        b.listen()
        assert until(b.hears, timeout_s=10)
        assert b.current()["requests"] == 0
        terminate_listeners()
        assert until(lambda: not b.hears(), timeout_s=20)
        assert b.current()["requests"] == 0
        a.learn()
        learned = time.monotonic()
        assert until(b.hears, timeout_s=10)
        assert until(lambda: time.monotonic() - learned >= FRESH_S, timeout_s=20)
        assert b.current()["requests"] == 1


def test_behind_a_pooler_in_transaction_mode_the_timer_does_it(acme, django_db_setup):
    """PgBouncer lends connections to transactions: nothing is heard through it, and boards are fresh all the same."""
    with (
        pgbouncer([environment().database_url, environment().database_platform_url]) as port,
        peers(acme, 2, port=port) as (a, b),
    ):
        for peer in (a, b):
            peer.listen()
        for number in range(1, 4):
            a.learn()
            seen_in_time(b, requests_are(number), since=time.monotonic())
            assert not b.hears()
        assert a.current()["digest"] == b.current()["digest"]
