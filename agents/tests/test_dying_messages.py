"""Messages come twice, late and in any order, to two workers at once: as if one worker had got each of them once."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from agents import improvement, leases, tasks
from agents.models import Execution, Lesson
from agents.tests import dying_scene as scene
from agents.tests.dying import MOST_ROUNDS, Doomed, time_passes, until_nothing_is_due
from agents.tests.dying_world import models_fixture, whole

__all__ = ["models_fixture"]
pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
SEED = 7


def answered(work, *ids):
    """Answer one message, as a thread of a worker does."""
    try:
        work(*map(str, ids))
    finally:
        connections.close_all()


def both_work(chance, heard):
    """Let two workers get everything that was ever rung for twice, shuffled."""
    heard |= {(tasks.run_step, one.tenant_id, one.step_id) for one in leases.due()}
    heard |= {(tasks.study, *one) for one in improvement.due()}
    messages = sorted(heard, key=str) * 2
    chance.shuffle(messages)
    with ThreadPoolExecutor(2) as two:
        list(two.map(lambda one: answered(*one), messages))


def test_it_ends_as_with_one_worker_and_each_message_once(models):
    """The same rows, and no model asked once more."""
    expected = whole(models, lambda: until_nothing_is_due(Doomed, scene.people_say_yes))
    chance, heard = random.Random(SEED), set()

    def drive():
        for _ in range(MOST_ROUNDS):
            time_passes()
            both_work(chance, heard)
            scene.people_say_yes()
            waiting = Execution.objects.filter(finished=None), Lesson.objects.filter(state="queued")
            if not any(rows.exists() for rows in waiting):
                return []
        raise AssertionError("It never ends.")

    assert whole(models, drive) == expected
