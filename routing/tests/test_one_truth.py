"""Many processes, one truth: what one commits the others decide on within a second, and nothing else."""

import time

import pytest

from miosa.embedded.processes import until
from miosa.embedded.server import free_port
from miosa.testing.fixtures import open_tenant
from routing.board import FRESH_S
from routing.models import Outcome
from routing.tests.peer import peers, requests_are, seen_in_time

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def acme():
    """A tenant whose row every process sees."""
    return open_tenant("acme")


def test_an_outcome_of_one_process_reaches_the_other(acme):
    """What A commits, B decides on within a second: by the notice, since B's own timer is at twenty."""
    with peers(acme, 2) as (a, b):
        b.listen()
        assert until(b.hears, timeout_s=10)
        for number in range(1, 4):
            before = b.current()
            assert before["requests"] == number - 1
            a.learn()
            took_s = seen_in_time(b, requests_are(number), since=time.monotonic())
            assert took_s < 10 * FRESH_S
            assert b.current()["version"] == b.fresh()["version"] != before["version"]


def test_without_notices_a_timer_does_it(acme):
    """A process that does not listen at all looks every second."""
    with peers(acme, 2) as (a, b):
        assert b.current()["requests"] == 0
        a.learn()
        seen_in_time(b, requests_are(1), since=time.monotonic())
        assert not b.hears()


def test_a_process_sees_its_own_outcome_in_the_next_decision(acme):
    """No second is waited for what the process itself committed."""
    with peers(acme) as (a,):
        for number in range(1, 6):
            a.learn()
            assert a.current()["requests"] == number


def test_what_is_rolled_back_leaves_no_trace(acme):
    """Inside its transaction a process sees its outcome; a second after the end of that it never was."""
    with peers(acme, 2) as (a, b):
        for peer in (a, b):
            peer.listen()
            assert until(peer.hears, timeout_s=10)
        a.learn()
        seen_in_time(b, requests_are(1), since=time.monotonic())
        before = a.fresh()["digest"]
        a.begin(count=3)
        a.learn(count=3)
        a.forget()
        assert a.current()["requests"] == 4
        assert b.fresh()["requests"] == 1
        a.end(commit=False)
        seen_in_time(a, requests_are(1), since=time.monotonic())
        assert a.current()["digest"] == b.current()["digest"] == before


@pytest.mark.parametrize("committed", [False, True])
def test_a_killed_process_counts_what_it_committed_and_nothing_else(acme, committed):
    """kill -9 in the middle of a transaction: nothing of it counts, here or there; after the commit all of it does."""
    with peers(acme, 2) as (a, b):
        a.learn()
        a.begin(count=5)
        a.learn(count=5)
        if committed:
            a.end(commit=True)
        a.kill()
        expected = 6 if committed else 1
        seen_in_time(b, requests_are(expected), since=time.monotonic())
        with peers(acme) as (fresh,):
            assert fresh.current()["version"] == b.fresh()["version"]
            assert fresh.current()["requests"] == expected


def test_a_restart_gives_the_same_scoreboard(acme, in_tenant):
    """A new process, and one that forgets all, come to the version that the first one has; the rows bear it out."""
    with peers(acme, 2) as (a, b):
        for success in (True, False, True):
            a.learn(count=4, success=success)
        seen_in_time(b, requests_are(12), since=time.monotonic())
        with peers(acme) as (fresh,):
            assert fresh.current()["digest"] == a.current()["digest"] == b.current()["digest"]
            b.forget()
            assert b.current()["version"] == fresh.fresh()["version"]
    with in_tenant(acme):
        assert Outcome.objects.filter(success=True).count() == 8 == int(fresh_successes(acme))


def fresh_successes(tenant):
    with peers(tenant) as (one,):
        return one.current()["successes"]


def test_without_valkey_nothing_is_lost(acme):
    """A process that cannot reach the broker or any cache comes to the same scoreboard, and hears of outcomes too."""
    away = f"redis://127.0.0.1:{free_port()}/0"
    with peers(acme) as (a,), peers(acme, REDIS_URL=away) as (b,):
        a.learn(count=3)
        seen_in_time(b, requests_are(3), since=time.monotonic())
        assert a.fresh()["version"] == b.fresh()["version"]
        b.learn(success=False)
        seen_in_time(a, requests_are(4), since=time.monotonic())


def test_a_flushed_cache_loses_nothing(acme, settings):
    """After FLUSHALL every process still has the version it had."""
    import redis

    with peers(acme, 2) as (a, b):
        a.learn(count=3)
        seen_in_time(b, requests_are(3), since=time.monotonic())
        with redis.Redis.from_url(settings.ENVIRONMENT.redis_url) as cache:
            assert cache.flushall()
        b.forget()
        assert a.fresh()["digest"] == b.current()["digest"] == a.current()["digest"]
