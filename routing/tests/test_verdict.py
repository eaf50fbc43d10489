"""Promotion: a better model is found, an equal one hardly ever, however often one looks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.posterior import Counts
from routing.verdict import EVERY, LEAST_REQUESTS, error_at, interval, overtakes


def _first_promotion(better: float, worse: float, *, requests: int, draw: np.random.Generator) -> int | None:
    """The request at which either of two models is promoted over the other, looking at every hundredth."""
    first, second = (np.cumsum(draw.random(requests) < rate) for rate in (better, worse))
    for look in range(1, requests // EVERY + 1):
        n = look * EVERY
        pair = Counts(n, float(first[n - 1])), Counts(n, float(second[n - 1]))
        if overtakes(*pair, look=look).promoted or overtakes(*pair[::-1], look=look).promoted:
            return n
    return None


def test_a_clearly_better_record_overtakes():
    """900 of 1,000 against 800 of 1,000 is promoted, with its rate between its bounds."""
    verdict = overtakes(Counts(1_000, 900), Counts(1_000, 800), look=10)
    assert verdict.promoted
    assert verdict.low < verdict.rate == 0.9 < verdict.high
    assert verdict.n == 1_000


def test_equal_records_do_not_overtake():
    """The same record is never better than itself, nor is a worse one."""
    assert not overtakes(Counts(5_000, 4_000), Counts(5_000, 4_000), look=50).promoted
    assert not overtakes(Counts(1_000, 800), Counts(1_000, 900), look=10).promoted


@pytest.mark.parametrize("requests", [LEAST_REQUESTS - 1, LEAST_REQUESTS])
def test_a_short_record_says_nothing(requests):
    """One request below the minimum nobody is promoted, on either side; with it, they are."""
    enough = requests == LEAST_REQUESTS
    assert overtakes(Counts(requests, requests), Counts(5_000, 2_500), look=1).promoted is enough
    assert overtakes(Counts(5_000, 4_900), Counts(requests, 10), look=50).promoted is enough


@pytest.mark.parametrize("rate", [0.5, 0.8, 0.95])
def test_identical_models_are_hardly_ever_promoted_over_each_other(rate):
    """In 200 runs of 5,000 requests, looked at 50 times in both directions, at most 5 % promote."""
    draw = np.random.default_rng(11)
    promoted = sum(_first_promotion(rate, rate, requests=5_000, draw=draw) is not None for _ in range(200))
    assert promoted <= 10


def test_a_model_ten_points_better_is_found_within_a_thousand_requests():
    """.90 against .80: at least 95 % of 200 runs promote by request 1,000, half of them by 300."""
    draw = np.random.default_rng(12)
    found = [_first_promotion(0.9, 0.8, requests=1_000, draw=draw) or 10**9 for _ in range(200)]
    assert sum(n <= 1_000 for n in found) >= 190
    assert sorted(found)[100] <= 300


def test_all_looks_together_spend_no_more_than_the_error():
    """The parts of ten thousand looks add up to almost all of it, never to more."""
    spent = sum(error_at(look, error=0.02) for look in range(1, 10_001))
    assert 0.0199 < spent < 0.02


def test_wilson_of_nothing_is_everything():
    """Without requests the interval is 0 to 1; of 0 in 10 it reaches to .28."""
    assert interval(Counts(0, 0)) == (0.5, 0.0, 1.0)
    assert interval(Counts(10, 0)).high == pytest.approx(0.2775, abs=1e-4)


@given(st.floats(0, 1e15), st.floats(0, 1e15), st.floats(0, 1), st.floats(0, 1), st.integers(-5, 10**9))
def test_any_records_get_a_verdict(mine, theirs, my_share, their_share, look):
    """Whatever the counts and the look, the bounds hold the rate and lie in 0 to 1."""
    verdict = overtakes(Counts(mine, mine * my_share), Counts(theirs, theirs * their_share), look=look)
    assert 0 <= verdict.low <= verdict.rate <= verdict.high <= 1
