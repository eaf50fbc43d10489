"""The door between processes: messages may be lost, doubled or late, and the broker may be away."""

from uuid import uuid4

import pytest
from celery import Celery
from celery.worker import state as worker

from agents import submission, tasks
from agents.models import Execution, Step
from miosa.celery import app
from miosa.testing.flows import providers
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def opened(tenant, embeddings_url):
    """An execution whose plan step is ready, with a model that answers."""
    with WireServer(lambda asked: Reply(text="Hello to you, and welcome.")) as wire:
        with providers(local=wire.url, embeddings=embeddings_url):
            yield submission.submit("Say hello", requested_by="user:test")


def test_it_runs_a_step_by_its_ids(tenant, opened):
    """The message carries ids; the task enters the tenant and does the step."""
    step = opened.steps.get()
    tasks.run_step(str(tenant.pk), str(step.pk))
    assert opened.steps.get(key="plan").state == Step.State.COMPLETED
    assert opened.steps.exclude(key="plan").exists()


def test_one_message_goes_on_to_the_end_of_a_chain(tenant, opened):
    """What a step made ready is worked on at once; nobody has to ring for it."""
    tasks.run_step(str(tenant.pk), str(opened.steps.get().pk))
    opened.refresh_from_db()
    assert opened.state == Execution.State.COMPLETED


def test_a_worker_that_is_to_stop_begins_nothing_more(tenant, opened, monkeypatch):
    """It ends its step; the next one is ready for another."""
    monkeypatch.setattr(worker, "should_stop", 0)
    tasks.run_step(str(tenant.pk), str(opened.steps.get().pk))
    states = set(opened.steps.exclude(key="plan").values_list("state", flat=True))
    assert states <= {Step.State.READY, Step.State.WAITING}


def test_what_has_begun_is_served_before_what_is_new():
    """However many tasks were handed in: a dead worker's step does not wait for all of them, and neither does beat."""
    queue = f"served-{uuid4().hex}"
    own = Celery("own", broker=app.conf.broker_url, set_as_current=False)
    own.conf.update(task_default_queue=queue, broker_transport_options=app.conf.broker_transport_options)

    @own.task(name="tests.served")
    def served(*_ids):
        """Only its messages are looked at."""

    for name, priority in (("new", tasks.LAST), ("newer", tasks.LAST), ("begun", tasks.FIRST)):
        tasks.ring(served, "tenant", name, priority=priority)
    with own.connection() as connection, connection.SimpleQueue(queue) as waiting:
        messages = [waiting.get(timeout=10) for _ in range(3)]
        for message in messages:
            message.ack()
    assert [message.payload[0][1] for message in messages] == ["begun", "new", "newer"]


def test_it_ignores_a_second_message(tenant, opened):
    """The same message twice is one run."""
    step = opened.steps.get()
    for _ in range(2):
        tasks.run_step(str(tenant.pk), str(step.pk))
    assert opened.steps.get(key="plan").attempt == 1


def test_it_survives_a_broker_that_is_away(tenant, opened):
    """A message that cannot be sent is no error: the step waits in its row and is rung for again."""
    away = Celery("away", broker="redis://127.0.0.1:9/0", set_as_current=False)

    @away.task(name="agents.run_step")
    def unheard(*_ids):
        """Nobody will ever run this."""

    tasks.ring(unheard, tenant.pk, opened.steps.get().pk)
    assert opened.steps.get().state == Step.State.READY


def test_it_gives_up_what_kills_its_workers(tenant, opened):
    """A step that was taken twenty times without an end fails, and its execution with it."""
    step = opened.steps.get()
    Step.objects.filter(pk=step.pk).update(attempt=20)
    tasks.run_step(str(tenant.pk), str(step.pk))
    opened.refresh_from_db()
    assert opened.state == Execution.State.FAILED
    assert "workers died" in opened.error


@pytest.fixture
def queue():
    """The name of a queue of its own, in which nothing waits."""
    usual, app.conf.task_default_queue = app.conf.task_default_queue, f"due-{uuid4().hex}"
    yield app.conf.task_default_queue
    app.conf.task_default_queue = usual


def test_it_rings_for_every_tenant(tenant, opened, queue):
    """What was never answered is rung for, whoever's it is."""
    Step.objects.update(rung=None)
    tasks.ring_due()
    assert Step.objects.get().rung is not None


def test_it_does_not_ring_again_for_what_waits_its_turn(tenant, opened, queue, monkeypatch):
    """While the broker holds many messages a new task was not lost, only not reached; what has begun is rung for all the same."""
    monkeypatch.setattr(tasks, "MOST_WAITING", 1)
    Step.objects.update(rung=None)
    with app.connection_for_write() as broker, broker.SimpleQueue(queue) as waiting:
        waiting.put({"some": "message"})
        tasks.ring_due()
        assert Step.objects.get().rung is None
        Step.objects.update(attempt=1)
        tasks.ring_due()
        assert Step.objects.get().rung is not None
        waiting.clear()
    Step.objects.update(rung=None, attempt=0)
    tasks.ring_due()
    assert Step.objects.get().rung is not None


def test_a_broker_that_is_away_holds_nothing(tenant, opened, monkeypatch):
    """What waits is marked, and rung for again until it is back."""
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", "redis://127.0.0.1:9/0")
    Step.objects.update(rung=None)
    tasks.ring_due()
    assert Step.objects.get().rung is not None
