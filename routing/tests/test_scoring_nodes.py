"""The six nodes: what each reads, what it gives while nothing is known, and the reason it tells."""

import pytest

from routing.requirement import Requirement
from routing.scoring.confidence import confidence
from routing.scoring.cost import cost
from routing.scoring.history import history
from routing.scoring.quality import quality
from routing.scoring.speed import speed
from routing.scoring.task_fit import task_fit
from routing.snapshot import EMPTY, Snapshot, Tally
from routing.tests.boards import EIGHT_B

CHAT, REASON = Requirement("chat"), Requirement("orchestration")


def test_catalogue_nodes_are_a_tenth_of_the_rating():
    """TaskFit 8, Quality 7, Speed 9 and Cost 9 of 10 become .8, .7, .9 and .9."""
    marks = [node(EIGHT_B, CHAT, EMPTY).score for node in (task_fit, quality, speed, cost)]
    assert marks == pytest.approx([0.8, 0.7, 0.9, 0.9])


def test_a_kind_the_catalogue_does_not_know_fits_six_of_ten():
    """Where the catalogue is silent the fit is .6, and the reason says that nothing is known."""
    mark = task_fit(EIGHT_B, REASON, EMPTY)
    assert mark.score == pytest.approx(0.6)
    assert "nothing is known" in mark.reason


def test_history_is_the_prior_and_the_cells_own_counts():
    """(prior rate x its strength + successes) / (strength + requests): the reason holds all four numbers."""
    known = Snapshot({("chat", EIGHT_B.id): Tally(6, 5), ("code", EIGHT_B.id): Tally(4, 2)})
    prior, mark = known.prior("chat", EIGHT_B.id), history(EIGHT_B, CHAT, known)
    assert mark.score == pytest.approx((prior.a + 5) / (prior.a + prior.b + 6), abs=1e-12)
    assert "5 of 6 right in chat" in mark.reason
    assert f"{prior.mean:.3f} is expected beforehand, worth {prior.a + prior.b:.2f} outcomes" in mark.reason


def test_history_of_a_new_kind_starts_from_the_models_other_work():
    """9 of 9 in code raises what is expected in chat, and ten times as many raise it more; a fresh model has one half."""
    some = Snapshot({("code", EIGHT_B.id): Tally(9, 9)})
    many = Snapshot({("code", EIGHT_B.id): Tally(90, 90)})
    unknown = history(EIGHT_B, CHAT, Snapshot()).score
    assert unknown == pytest.approx(0.5)
    assert unknown < history(EIGHT_B, CHAT, some).score < history(EIGHT_B, CHAT, many).score


def test_others_counts_are_a_first_guess_and_own_ones_outvote_them():
    """1,000 of 1,000 of other tenants lift a new model's chat, worth eight outcomes; forty own failures sink it."""
    pooled = {("chat", EIGHT_B.id): Tally(1_000, 1_000)}
    begun = history(EIGHT_B, CHAT, Snapshot(pooled=pooled)).score
    failed = history(EIGHT_B, CHAT, Snapshot({("chat", EIGHT_B.id): Tally(40, 0)}, pooled)).score
    assert begun > 0.75
    assert failed < 0.3


def test_confidence_is_the_mean_drawn_to_the_neutral_five():
    """Two answers of 8.0 against four neutral ones: (4 x 5 + 16) / 6 of 10; none at all gives one half."""
    known = Snapshot({("chat", EIGHT_B.id): Tally(2, 2, confidence_sum=16, rated=2)})
    assert confidence(EIGHT_B, CHAT, known).score == pytest.approx(0.6)
    assert confidence(EIGHT_B, CHAT, EMPTY).score == pytest.approx(0.5)


def test_speed_tells_the_latency_measured_here():
    """The mean latency of the cell stands in the reason once there is one."""
    known = Snapshot({("chat", EIGHT_B.id): Tally(2, 2, latency_ms_sum=500, timed=2)})
    assert "250 ms here" in speed(EIGHT_B, CHAT, known).reason
    assert "here" not in speed(EIGHT_B, CHAT, EMPTY).reason
