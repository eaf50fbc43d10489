"""Bounds for paired differences and for running means: they err as seldom as they say."""

import random

import pytest

from agents.looks import ALPHA, LEAST_PAIRS, MOST_LOOKS, Says, alpha_of, look_at
from agents.paired import lower_bound, upper_bound
from agents.sequences import compare, interval

RUNS = 200


def test_the_bound_is_a_mean_of_some_pairs():
    """Of six pairs, at one in sixty-four, it is the smallest one."""
    assert lower_bound([0.3, 0.1, 0.2, 0.4, 0.5, 0.6], alpha=1 / 64) == pytest.approx(0.1)
    assert upper_bound([-0.3, -0.1, -0.2, -0.4, -0.5, -0.6], alpha=1 / 64) == pytest.approx(-0.1)


def test_too_few_pairs_give_no_bound():
    """Five equal signs happen by luck too often."""
    assert lower_bound([1.0] * 5, alpha=0.025) == float("-inf")
    assert lower_bound([], alpha=0.025) == float("-inf")


def test_one_pair_that_is_worse_counts():
    """Five better and one worse are not enough; many better and one worse are."""
    assert lower_bound([0.2] * 5 + [-0.2], alpha=0.025) < 0
    assert lower_bound([0.2] * 19 + [-0.2], alpha=0.025) > 0


def test_many_pairs_are_bounded_by_lot_and_alike_each_time():
    """The same pairs, the same bound."""
    values = [random.Random(7).gauss(0.1, 0.2) for _ in range(40)]
    assert lower_bound(values, alpha=0.05) == lower_bound(values, alpha=0.05)


def test_all_looks_together_spend_no_more_than_alpha():
    """A half, a quarter, an eighth."""
    assert sum(alpha_of(number) for number in range(1, MOST_LOOKS + 1)) < ALPHA


@pytest.mark.parametrize("ties", [0.0, 0.5, 0.9])
def test_a_change_that_changes_nothing_is_hardly_ever_accepted(ties):
    """At most 5 % of 200 runs with up to three looks each; ties make it rarer."""
    rng = random.Random(2026 + int(10 * ties))
    accepted = sum(ends(rng, effect=0.0, ties=ties) == Says.ACCEPT for _ in range(RUNS))
    assert accepted <= 0.05 * RUNS


def test_a_change_that_helps_is_mostly_accepted():
    """Half a standard deviation of noise better: found more often than not within three looks."""
    rng = random.Random(11)
    accepted = sum(ends(rng, effect=0.2, ties=0.0) == Says.ACCEPT for _ in range(RUNS))
    assert accepted >= 0.5 * RUNS


def test_what_changes_nothing_at_all_is_given_up_at_once():
    """Equal answers everywhere."""
    assert look_at([0.0] * 12, number=1).says == Says.REJECT
    assert look_at([0.0] * (LEAST_PAIRS - 1), number=1).says == Says.AGAIN


def ends(rng, *, effect, ties):
    """One proposal from its first look to its end: scores of both arms scatter alike around the task's own level."""
    differences = []
    for number in range(1, MOST_LOOKS + 1):
        for _ in range(12):
            level = rng.uniform(0.2, 0.7)
            old, new = (min(1.0, max(0.0, rng.gauss(level + more, 0.28))) for more in (0.0, effect))
            differences.append(0.0 if rng.random() < ties else new - old)
        look = look_at(differences, number=number)
        if look.says != Says.AGAIN:
            return look.says
    return Says.REJECT


def test_the_interval_holds_at_every_moment():
    """Two arms that are the same are told apart in at most 5 % of 200 rollouts, though each is looked at 200 times."""
    rng, told_apart = random.Random(5), 0
    for _ in range(RUNS):
        old, new = ([rng.betavariate(4, 2) for _ in range(200)] for _ in range(2))
        told_apart += any(
            found.worse or found.better
            for count in range(5, 201, 5)
            if (found := compare(old[:count], new[:count], alpha=0.05))
        )
    assert told_apart <= 0.05 * RUNS


def test_harm_is_seen_and_help_too():
    """A clear difference ends a rollout within some hundred steps."""
    rng = random.Random(3)
    good, bad = ([rng.betavariate(*shape) for _ in range(150)] for shape in ((8, 2), (3, 5)))
    assert compare(good, bad, alpha=0.05).worse
    assert compare(bad, good, alpha=0.05).better


def test_nothing_known_is_everything_possible():
    """Before the first step."""
    assert (interval([], alpha=0.05).low, interval([], alpha=0.05).high) == (0.0, 1.0)
