"""The four numbers of the rule, on both sides of each edge: 0.80, 1.10, 100 and 0.85."""

import math

import pytest

from routing.choice import Ranked
from routing.requirement import Requirement
from routing.router import decide, evaluation
from routing.rules import BONUS, BONUS_MINIMUM, BONUS_RATE, EVALUATE_AFTER, IMPROVED_RATE, Rules
from routing.scoreboard import Scoreboard
from routing.snapshot import Snapshot, Tally
from routing.tests.boards import BOTH, EIGHT_B, KIMI, ORIGINAL

CHAT = Requirement("chat")


def _row(requests: int, successes: float, rules: Rules | None = None) -> Ranked:
    known = Snapshot({("code", EIGHT_B.id): Tally(requests, successes)})
    board = Scoreboard(ORIGINAL, known, providers=BOTH, rules=rules or Rules(), warm=())
    return next(row for row in decide(board, CHAT).ranked if row.model == EIGHT_B.id)


def test_the_numbers_are_the_seeds():
    """The settings carry the rule's own numbers."""
    assert (BONUS_RATE, BONUS, BONUS_MINIMUM, EVALUATE_AFTER, IMPROVED_RATE) == (0.80, 1.10, 20, 100, 0.85)


@pytest.mark.parametrize(
    ("requests", "successes", "bonus"),
    [(100, 80, 1.0), (100, 81, 1.10), (20, 16, 1.0), (20, 17, 1.10), (19, 19, 1.0), (1, 1, 1.0), (0, 0, 1.0)],
)
def test_the_bonus_begins_above_080_and_with_twenty_requests(requests, successes, bonus):
    """Exactly 0.80 earns nothing, 0.81 earns it; 19 requests earn nothing however good they were."""
    assert _row(requests, successes).bonus == bonus


def test_fractions_that_add_up_to_080_earn_nothing():
    """Twenty outcomes of 0.8 sum to a float just beside 16: still exactly 0.80, still no bonus."""
    assert _row(20, sum([0.8] * 20)).bonus == 1.0


def test_the_total_is_bonus_times_the_weighted_sum():
    """The bonus is exactly 1.10 on the whole total, to 1e-9."""
    row = _row(100, 90)
    assert row.total == pytest.approx(1.10 * math.fsum(n.weight * n.score for n in row.nodes), abs=1e-9)


def test_the_bonus_minimum_is_a_setting():
    """With a minimum of 1 the one lucky answer counts, as in the original rule."""
    assert _row(1, 1, Rules(bonus_minimum=1)).bonus == 1.10


def test_the_bonus_of_the_runner_up_turns_the_order():
    """chat/balance: kimi is second; its 10 % carries it past the leader."""
    assert decide(Scoreboard(ORIGINAL, providers=BOTH), CHAT).model == EIGHT_B.id
    known = Snapshot({("reason", KIMI.id): Tally(100, 81)})
    assert decide(Scoreboard(ORIGINAL, known, providers=BOTH), CHAT).model == KIMI.id


@pytest.mark.parametrize(
    ("requests", "due"), [(0, False), (99, False), (100, True), (101, False), (200, True)]
)
def test_every_hundredth_request_is_an_evaluation(requests, due):
    """The 99th does nothing, the 100th and 200th evaluate."""
    assert evaluation(requests, requests).due is due


@pytest.mark.parametrize(
    ("requests", "successes", "improved"),
    [(100, 85, False), (100, 86, True), (99, 99, False), (200, 170, False), (200, 171, True), (0, 0, False)],
)
def test_improved_means_above_085_at_an_evaluation(requests, successes, improved):
    """Exactly 0.85 is not improved, 0.86 is; between evaluations nothing is."""
    assert evaluation(requests, successes).improved is improved


def test_a_hundredth_request_that_nobody_saw_is_made_up_for():
    """Two outcomes that commit at once may both count 99: the next one is evaluated, and then none until 200."""
    assert not evaluation(99, 99, evaluated=0).due
    assert evaluation(101, 101, evaluated=0).due
    assert not evaluation(102, 102, evaluated=101).due
    assert evaluation(200, 200, evaluated=101).due
    assert not evaluation(0, 0, evaluated=0).due
