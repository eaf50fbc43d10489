"""Workers die at any statement of an execution: it ends as if none had, and nothing of it is there twice."""

import random

import pytest

from agents.tests import dying_scene as scene
from agents.tests.dying import Doomed, every_death, only, until_nothing_is_due
from agents.tests.dying_world import models_fixture, nobody_before, whole
from miosa.testing.flows import providers

__all__ = ["models_fixture"]
pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
SEED, SAMPLE, SMALL = 7, 5, 40
AFTER = 0.3  # of the deaths: after a statement
FEW, MANY = (10, 60), 3  # instants of a life that ends soon, and how many of these there are at least


def by(life):
    """Let such workers go on, one after the other."""
    return lambda: until_nothing_is_due(life, scene.people_say_yes)


def test_a_small_execution_survives_each_of_its_statements(db):
    """No model, three steps: death before each statement, and after each that was a transaction by itself."""
    with providers():
        with nobody_before():
            scene.handed_in(scene.HEALTH)
            assert until_nothing_is_due(Doomed) == []
            expected = scene.left()

        def run(doomed):
            with nobody_before():
                scene.handed_in(scene.HEALTH)
                until_nothing_is_due(only(doomed))
                assert scene.faults() == [], doomed
                assert scene.left() == expected, doomed

        assert every_death(run, every=True) > SMALL


def test_a_large_execution_survives_any_of_its_transactions(models):
    """Tools, a person's word, a part handed on, a step taken over, a new plan, a lesson: all of it once, whenever one died."""
    counting = Doomed()
    expected, calls, _ = whole(models, by(lambda: counting))
    chance = random.Random(SEED)
    for at in chance.sample(range(1, counting.count + 1), SAMPLE):
        left, asked, dead = whole(models, by(only(Doomed(at, after=chance.random() < AFTER))))
        assert left == expected, dead
        assert calls <= asked <= calls + len(dead), dead


def test_it_survives_workers_that_die_one_after_the_other(models):
    """Each of them gets only a little further."""
    expected, calls, _ = whole(models, by(Doomed))
    chance = random.Random(SEED)
    left, asked, dead = whole(models, by(lambda: Doomed(chance.randint(*FEW), chance.random() < AFTER)))
    assert left == expected, dead
    assert len(dead) > MANY
    assert calls <= asked <= calls + len(dead), dead
