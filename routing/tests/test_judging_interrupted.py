"""Judging survives what happens to it: providers that are away, killed workers, messages that come twice or never."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_tenants.utils import tenant_context

from billing.models import LedgerEntry, Reservation
from billing.subscriptions import current_budget
from miosa.celery import app
from miosa.testing.fixtures import open_tenant
from miosa.testing.wire_replies import Reply
from routing import judging, tasks
from routing.errors import NoProviderLeft
from routing.models import Judgement, Outcome
from routing.tests.courtroom import ANSWER, ask, court, queued, verdict
from tenants.task_scope import task_scope

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def room(tenant):
    with court() as opened:
        yield opened


class Killed(BaseException):
    """A worker's end, which nobody catches."""


def killed_after(*args, **kwargs):
    """The judge has spoken and is paid, and then the worker dies."""
    ask(*args, **kwargs)
    raise Killed


def killed_before(*args, **kwargs):
    raise Killed


def aged(row, seconds):
    Judgement.objects.filter(pk=row.pk).update(rung=timezone.now() - timedelta(seconds=seconds))


def spent():
    return sum(LedgerEntry.objects.filter(agent="judge").values_list("cost_micros", flat=True))


def test_it_works(room, tenant):
    """From the bell to the verdict, as workers do it."""
    row = queued()
    assert judging.due() == [(tenant.pk, row.pk)]
    tasks.judge(str(tenant.pk), str(row.pk))
    row.refresh_from_db()
    assert row.state == "judged"
    assert judging.due() == []


def test_a_provider_that_is_away_loses_nothing(room):
    """The row stays queued with its texts and nothing set aside; when the provider is back it is judged."""
    room.verdict = lambda _asked: Reply(status=401)
    row = queued()
    judging.judge(row.pk, ask=ask)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.answer) == ("queued", 1, ANSWER)
    assert (current_budget().reserved_micros, current_budget().spent_micros) == (0, 0)
    room.verdict = lambda _asked: verdict(6)
    judging.judge(row.pk, ask=ask)
    row.refresh_from_db()
    assert (row.state, float(row.score), row.attempts) == ("judged", 0.6, 2)


def test_it_is_rung_for_ever_more_slowly(room, tenant):
    """After one attempt in 30 seconds, after each further one in twice that, at the most in half an hour."""

    def away(*args, **kwargs):
        raise NoProviderLeft([], attempts=())

    row = queued()
    waits = []
    for attempt in range(1, 10):
        judging.judge(row.pk, ask=away)
        waited = 30 * 2 ** min(attempt - 1, 6)
        aged(row, waited - 2)
        assert judging.due() == []
        aged(row, waited + 1)
        assert judging.due() == [(tenant.pk, row.pk)]
        waits.append(waited)
    assert waits[-1] == 1920
    assert Judgement.objects.get().state == "queued"


@pytest.mark.parametrize(("death", "calls"), [(killed_before, 1), (killed_after, 2)])
def test_a_killed_worker_is_followed_by_another(room, tenant, death, calls):
    """Its claim ends after a while; then one verdict is stored, and everything that was spent is charged."""
    row = queued()
    with pytest.raises(Killed):
        judging.judge(row.pk, ask=death)
    judging.judge(row.pk, ask=ask)
    aged(row, judging.LEASE_S - 2)
    assert judging.due() == []
    judging.judge(row.pk, ask=ask)
    assert Judgement.objects.get().state == "queued"
    aged(row, judging.LEASE_S + 1)
    assert judging.due() == [(tenant.pk, row.pk)]
    judging.judge(row.pk, ask=ask)
    assert Judgement.objects.get().state == "judged"
    assert len(room.judges) == calls == LedgerEntry.objects.filter(agent="judge").count()
    assert Outcome.objects.count() == 1
    assert current_budget().spent_micros == spent()
    assert current_budget().reserved_micros == 0


def test_a_worker_that_comes_back_late_changes_nothing(room):
    """Its row was given to another: the first verdict stands, and the late one is paid for and dropped."""
    row = queued()

    def slow(*args, **kwargs):
        answered = ask(*args, **kwargs)
        aged(row, judging.LEASE_S + 1)
        judging.due()
        room.verdict = lambda _asked: verdict(2)
        judging.judge(row.pk, ask=ask)
        return answered

    judging.judge(row.pk, ask=slow)
    row.refresh_from_db()
    assert (row.state, float(row.score)) == ("judged", 0.2)
    assert float(Outcome.objects.get().verdict) == 0.2
    assert LedgerEntry.objects.filter(agent="judge").count() == 2
    assert current_budget().spent_micros == spent()
    assert set(Reservation.objects.values_list("state", flat=True)) == {"settled"}


def test_a_late_end_does_not_free_the_next_ones_claim(room, tenant):
    """While a second worker asks, the first one's end, whatever it is, leaves the row to the second."""
    row = queued()
    claimed, go_on = threading.Event(), threading.Event()

    def away(*args, **kwargs):
        claimed.set()
        go_on.wait()
        raise NoProviderLeft([], attempts=())

    def first():
        try:
            with task_scope(tenant.pk):
                judging.judge(row.pk, ask=away)
        finally:
            connection.close()

    def second(*args, **kwargs):
        before = Judgement.objects.get().judge_decision
        go_on.set()
        thread.join()
        assert Judgement.objects.get().judge_decision == before == kwargs["decision_id"]
        return ask(*args, **kwargs)

    thread = threading.Thread(target=first)
    thread.start()
    claimed.wait()
    aged(row, judging.LEASE_S + 1)
    assert judging.due() == [(tenant.pk, row.pk)]
    judging.judge(row.pk, ask=second)
    assert Judgement.objects.get().state == "judged"
    assert current_budget().reserved_micros == 0


def test_many_messages_are_one_judgement(room, tenant):
    """Eight workers are called to the same row at once: one judge is asked."""
    row = queued()
    gate = threading.Barrier(8)

    def work():
        try:
            with task_scope(tenant.pk):
                gate.wait()
                judging.judge(row.pk, ask=ask)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Judgement.objects.get().state == "judged"
    assert len(room.judges) == 1


def test_it_serves_every_tenant_wherever_its_rows_lie(silo):
    """A shared tenant's and a silo's answers are rung for in one round and judged each at home."""
    homes = [open_tenant("globex"), silo(open_tenant("acme"))]
    with court():
        rows = {}
        for home in homes:
            with tenant_context(home):
                rows[home.pk] = queued().pk
        assert dict(judging.due()) == rows
        for home in homes:
            tasks.judge(str(home.pk), str(rows[home.pk]))
            with tenant_context(home):
                assert Judgement.objects.get().state == "judged"
                assert Outcome.objects.count() == 1


def test_the_bell_sends_a_message(room, tenant):
    """A message for a worker names tenant and row; the next round does not ring again at once."""
    row = queued()
    tasks.ring_judgements()
    with app.connection_for_read() as broker, broker.SimpleQueue("miosa") as box:
        sent = [box.get(timeout=5) for _ in range(box.qsize())]
        for message in sent:
            message.ack()
    rung = [message.payload[0] for message in sent if message.headers["task"] == "routing.judge"]
    assert rung.count([str(tenant.pk), str(row.pk)]) == 1
    row.refresh_from_db()
    assert row.rung is not None
    assert judging.due() == []
