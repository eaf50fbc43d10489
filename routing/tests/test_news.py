"""Hearing of what others committed, and knowing whether one hears at all."""

import os
import threading
from uuid import UUID

import pytest
from django.db import connection, transaction
from uuid_utils.compat import uuid7

from miosa.embedded.processes import until
from routing import news
from routing.news import Listener

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

SOON_S = 10


class Ear:
    """What a listener called, in order."""

    def __init__(self):
        self.heard: list[UUID] = []
        self.begun = 0
        self.listener = Listener(self.heard.append, began=self._began)

    def _began(self):
        self.begun += 1


@pytest.fixture
def ear(db):
    made = Ear()
    yield made
    made.listener.end()


def test_it_hears_what_is_told(ear):
    """It hears itself first, and then the ids of tenants in the order in which they were told."""
    assert not ear.listener.hears()
    ear.listener.begin()
    assert until(ear.listener.hears, timeout_s=SOON_S)
    ids = [uuid7() for _ in range(3)]
    for one in ids:
        news.tell(one)
    assert until(lambda: len(ear.heard) == 3, timeout_s=SOON_S)
    assert ear.heard == ids
    assert ear.begun == 1


def test_what_is_rolled_back_is_not_told(ear):
    """The notice leaves with the commit: one of a transaction that is undone never arrives."""
    ear.listener.begin()
    assert until(ear.listener.hears, timeout_s=SOON_S)
    undone, done = uuid7(), uuid7()
    with transaction.atomic():
        news.tell(undone)
        transaction.set_rollback(True)
    with transaction.atomic():
        news.tell(done)
        assert ear.heard == []
    assert until(lambda: ear.heard, timeout_s=SOON_S)
    assert ear.heard == [done]


def test_what_is_no_id_is_passed_over(ear):
    """Other processes speaking to themselves, and what is told without any tenant, change nothing."""
    ear.listener.begin()
    assert until(ear.listener.hears, timeout_s=SOON_S)
    with connection.cursor() as cursor:
        for payload in ("own something", "", "None", "x" * 500):
            cursor.execute("SELECT pg_notify(%s, %s)", [news.CHANNEL, payload])
    news.tell(None)
    last = uuid7()
    news.tell(last)
    assert until(lambda: ear.heard, timeout_s=SOON_S)
    assert ear.heard == [last]


def test_it_says_when_it_begins_to_hear_again(ear):
    """After a lost connection it says so once more: what was told in between may be lost."""
    ear.listener.begin()
    assert until(ear.listener.hears, timeout_s=SOON_S)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN router'")
    assert until(lambda: not ear.listener.hears(), timeout_s=SOON_S)
    assert until(ear.listener.hears, timeout_s=SOON_S)
    assert ear.begun == 2


def test_begun_twice_there_is_one_thread(ear):
    """Begin is for whoever comes first; after the end nothing of it is left."""
    for _ in range(3):
        ear.listener.begin()
    assert [thread.name for thread in threading.enumerate()].count("router-news") == 1
    assert until(ear.listener.hears, timeout_s=SOON_S)
    ear.listener.end()
    assert not ear.listener.hears()
    assert "router-news" not in [thread.name for thread in threading.enumerate()]
    ear.listener.begin()
    assert until(ear.listener.hears, timeout_s=SOON_S)


def test_a_forked_process_knows_that_it_hears_nothing(ear):
    """The child has no thread that listens, and says so."""
    ear.listener.begin()
    assert until(ear.listener.hears, timeout_s=SOON_S)
    child = os.fork()
    if not child:
        os._exit(int(ear.listener.hears()))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ear.listener.hears()
