"""Transactions end in another order than they began: nothing is missed, and nothing is counted twice."""

import threading
import time

import pytest
from django.db import connections, transaction
from django_tenants.utils import tenant_context
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from miosa.testing.fixtures import open_tenant
from miosa.testing.flows import providers
from routing import board
from routing.gathered import Gathered
from routing.models import Outcome
from routing.tests.peer import peers, requests_are, seen_in_time
from routing.tests.stored import checked, decision

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

THREADS, ROUNDS = 20, 5


@pytest.fixture
def acme():
    """A tenant whose row every process sees."""
    return open_tenant("acme")


def test_one_that_commits_late_is_not_missed(acme):
    """T1 writes first, T2 writes and commits, both processes read, then T1 commits: everybody has both."""
    with peers(acme, 3) as (first, second, reader):
        for peer in (first, second, reader):
            peer.listen()
        first.begin(count=2)
        first.learn(count=2)
        second.learn(count=3, success=False)
        seen_in_time(reader, requests_are(3), since=time.monotonic())
        assert second.current()["requests"] == 3
        first.end(commit=True)
        committed = time.monotonic()
        for peer in (first, second, reader):
            seen_in_time(peer, requests_are(5), since=committed)
        with peers(acme) as (fresh,):
            told = fresh.current()
        assert all(peer.fresh()["version"] == told["version"] for peer in (first, second, reader))
        assert all(peer.current()["digest"] == told["digest"] for peer in (first, second, reader))
        assert (told["requests"], told["successes"]) == (5, 2)


def test_a_transaction_that_stays_open_delays_nobody(acme):
    """While one that wrote first is open, later outcomes are seen within a second, again and again."""
    with peers(acme, 3) as (slow, quick, reader):
        slow.begin()
        slow.learn()
        for number in range(1, 4):
            quick.learn()
            seen_in_time(reader, requests_are(number), since=time.monotonic())
        slow.end(commit=False)
        quick.learn()
        seen_in_time(reader, requests_are(4), since=time.monotonic())


def test_many_writers_at_once_end_in_one_truth(acme, in_tenant):
    """Three processes of which two write from ten threads each, some of it rolled back: all end as a fresh one begins."""
    with peers(acme, 3) as (a, b, reader):
        reader.listen()
        stored: list[int] = []
        storms = [
            threading.Thread(
                target=lambda peer=peer: stored.append(peer.storm(threads=THREADS // 2, rounds=ROUNDS))
            )
            for peer in (a, b)
        ]
        for storm in storms:
            storm.start()
        while any(storm.is_alive() for storm in storms):
            reader.current()
        for storm in storms:
            storm.join()
        ended = time.monotonic()
        for peer in (a, b, reader):
            seen_in_time(peer, requests_are(sum(stored)), since=ended)
        with peers(acme) as (fresh,):
            digest = fresh.current()["digest"]
        assert {peer.current()["digest"] for peer in (a, b, reader)} == {digest}
    with in_tenant(acme):
        assert Outcome.objects.count() == sum(stored) > THREADS * ROUNDS


@pytest.mark.django_db(databases="__all__", transaction=True)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["write", "commit", "undo", "read"])), max_size=14
    )
)
@example(steps=[(0, "write"), (1, "write"), (1, "commit"), (0, "read"), (0, "commit"), (0, "read")])
def test_any_order_of_writing_reading_and_ending(acme, steps):
    """Three connections write, commit, roll back in any order while one reader adds up step by step: at every reading
    it has what a reader that begins anew has.
    """
    with tenant_context(acme), providers(groq="http://127.0.0.1:9/v1"):
        kept = Gathered()
        writers = [Writer(acme) for _ in range(3)]
        try:
            for which, step in steps:
                if step == "read":
                    assert kept.cells(acme.pk, ()) == Gathered().cells(acme.pk, ())
                else:
                    writers[which].do(step, decision() if step == "write" else None)
        finally:
            for writer in writers:
                writer.do("undo")
                writer.end()
        assert kept.cells(acme.pk, ()) == Gathered().cells(acme.pk, ()) == board.snapshot().cells


class Writer:
    """A thread with a connection of its own, which takes one step at a time."""

    def __init__(self, tenant):
        self._tenant, self._step, self._row, self._open = tenant, "", None, None
        self._asked, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def do(self, step, row=None):
        self._step, self._row = step, row
        self._asked.release()
        assert self._done.acquire(timeout=20)

    def end(self):
        self.do("end")
        self._thread.join()

    def _run(self):
        with tenant_context(self._tenant):
            while True:
                self._asked.acquire()
                try:
                    if self._step == "end":
                        break
                    self._take(self._step)
                finally:
                    self._done.release()
        connections.close_all()

    def _take(self, step):
        if self._open is None:
            self._open = transaction.atomic()
            self._open.__enter__()
        if step == "write":
            checked(self._row)
            return
        transaction.set_rollback(step == "undo")
        self._open.__exit__(None, None, None)
        self._open = None
