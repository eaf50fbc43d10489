"""A model that changes is noticed at once; a steady one is left alone; odd records stop nothing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.beliefs import Beliefs
from routing.posterior import Counts
from routing.shift import KEPT, LEAST_EARLIER, WINDOW, Record, fisher, record, shift

STEADY = Counts(200, 160)


def _outcomes(rate: float, count: int, draw: np.random.Generator) -> list[float]:
    return [float(number < rate) for number in draw.random(count)]


def _requests_until(held: Record, rate: float, draw: np.random.Generator, *, falls: bool) -> int:
    """How many outcomes at `rate` it takes until the model is below (or above) a steady one of 80 %."""
    for asked in range(300):
        beliefs = Beliefs({("chat", "changed"): held.counts, ("chat", "steady"): STEADY})
        ahead = beliefs.posterior("chat", "changed").mean > beliefs.posterior("chat", "steady").mean
        if ahead is not falls:
            return asked
        held, _ = held.with_outcome(float(draw.random() < rate))
    return 300


def test_it_tells_a_shift_with_its_numbers():
    """90 % before and 12 of 30 now: the rates, a tiny p, and a factor that leaves ten outcomes of the past."""
    found = shift(Counts(500, 450), Counts(30, 12))
    assert found is not None
    assert (found.old_rate, found.window_rate) == (0.9, 0.4)
    assert found.p < 1e-6
    assert found.discount * 500 == KEPT


def test_what_fits_is_no_shift():
    """The same rate, or too little on either side, is none."""
    assert shift(Counts(500, 450), Counts(30, 26)) is None
    assert shift(Counts(LEAST_EARLIER - 1, LEAST_EARLIER - 1), Counts(30, 0)) is None
    assert shift(Counts(500, 450), Counts(WINDOW - 1, 0)) is None


def test_fishers_p_is_exact():
    """Against the sum over all tables, computed with whole numbers."""
    earlier, window = Counts(40, 36), Counts(30, 18)
    ways = [math.comb(30, k) * math.comb(40, 54 - k) for k in range(14, 31)]
    assert fisher(earlier, window) == pytest.approx(2 * sum(ways[: 18 - 14 + 1]) / sum(ways))


@pytest.mark.parametrize("good", [100, 500, 2_000])
def test_a_model_that_falls_loses_its_place_within_60_requests(good):
    """From 90 % to 40 %, after a short and a long good record, in at least 95 % of 60 runs."""
    draw = np.random.default_rng(good)
    taken = [_requests_until(record(_outcomes(0.9, good, draw))[0], 0.4, draw, falls=True) for _ in range(60)]
    assert sum(asked <= 60 for asked in taken) >= 57


def test_a_model_that_recovers_wins_its_place():
    """From 40 % to 90 %: after 2,000 poor outcomes, 100 good ones are enough in at least 95 % of 60 runs."""
    draw = np.random.default_rng(3)
    taken = [
        _requests_until(record(_outcomes(0.4, 2_000, draw))[0], 0.9, draw, falls=False) for _ in range(60)
    ]
    assert sum(asked <= 100 for asked in taken) >= 57


@pytest.mark.parametrize("rate", [0.7, 0.9])
def test_a_steady_model_is_rarely_flagged(rate):
    """Tested at each of 2,000 outcomes, at most 5 % of 100 steady records are."""
    draw = np.random.default_rng(4)
    assert sum(bool(record(_outcomes(rate, 2_000, draw))[1]) for _ in range(100)) <= 5


def test_after_a_shift_a_whole_window_is_seen_before_the_next_test():
    """One fall is one shift; what came before it stays worth ten outcomes until the window holds none of it."""
    held, shifts = record([*([1.0] * 200), *([0.0] * 60)])
    assert len(shifts) == 1
    place = shifts[0][0]
    assert 200 < place < 215
    again, _ = record([*([1.0] * 200), *([0.0] * (place - 200 + WINDOW))])
    assert again.earlier.requests == KEPT
    assert held.counts.requests == pytest.approx(KEPT + WINDOW + 60 - (place - 200 + WINDOW), abs=1.5)


def test_a_steady_record_counts_in_full():
    """Without a shift nothing is discounted."""
    held, shifts = record([1.0, 0.0] * 500)
    assert not shifts
    assert held.counts == (1_000, 500)


numbers = st.one_of(st.floats(0, 1e15), st.integers(0, 300).map(float))


@given(numbers, st.floats(0, 1), st.integers(0, 60), st.floats(0, 1))
def test_any_record_has_a_p(requests, share, size, window_share):
    """p lies in 0 to 1 for fractions, for nothing and for a million million outcomes."""
    p = fisher(Counts(requests, requests * share), Counts(size, size * window_share))
    assert 0 <= p <= 1


@given(st.lists(st.one_of(st.floats(), st.sampled_from([0.0, 1.0])), max_size=200), st.integers(0, 40))
def test_any_outcomes_make_a_record(outcomes, settling):
    """NaN, infinite and negative outcomes leave counts that are counts."""
    held = Record(settling=settling)
    for success in outcomes:
        held, _ = held.with_outcome(success)
    requests, successes = held.counts
    assert 0 <= successes <= requests + 1e-9
    assert requests <= len(outcomes) + 1e-9
