"""Brier score, calibration error, AUROC and the reliability diagram say what their definitions say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.reliability.bins import reliability, wilson
from routing.reliability.scores import auroc, brier, ece

chances = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=60)


def test_it_works():
    """Four answers, worked out by hand."""
    predicted, happened = [0.9, 0.8, 0.3, 0.1], [1, 0, 1, 0]
    assert brier(predicted, happened).score == pytest.approx((0.01 + 0.64 + 0.49 + 0.01) / 4)
    assert brier(predicted, happened).constant == pytest.approx(0.25)
    assert ece(predicted, happened) == pytest.approx((0.1 + 0.8 + 0.7 + 0.1) / 4)
    assert auroc(predicted, happened) == pytest.approx(3 / 4)


def test_errors_of_one_bin_cancel():
    """The calibration error is of each bin's mean: two chances that err by as much in one bin make none."""
    assert ece([0.41, 0.49], [0.0, 0.9]) == pytest.approx(0)
    assert ece([0.41, 0.59], [0.0, 1.0]) == pytest.approx(0.41)


def test_the_end_belongs_to_the_last_bin():
    """A chance of exactly 1 lies in the bin that ends there, and no other bin is shown."""
    (only,) = reliability([1.0, 0.95], [1.0, 0.0])
    assert (only.lower, only.upper, only.n) == (0.9, 1.0, 2)
    assert only.mean_chance == pytest.approx(0.975)
    assert only.mean_outcome == 0.5


@given(chances)
def test_every_measure_lies_in_its_range(pairs):
    """Whatever the chances: errors lie in 0..1, bins hold every answer once, intervals hold their rate."""
    predicted, happened = map(list, zip(*pairs, strict=True))
    assert 0 <= brier(predicted, happened).score <= 1
    assert 0 <= ece(predicted, happened) <= 1
    assert 0 <= auroc(predicted, happened) <= 1
    bins = reliability(predicted, happened)
    assert sum(one.n for one in bins) == len(pairs)
    assert all(one.low - 1e-9 <= one.mean_outcome <= one.high + 1e-9 for one in bins)


@given(chances)
def test_auroc_is_the_share_of_pairs_in_order(pairs):
    """It equals the count over all pairs of a success and a failure, ties being half."""
    predicted = [chance for chance, _ in pairs]
    happened = [float(outcome > 0.5) for _, outcome in pairs]
    good = [c for c, y in zip(predicted, happened, strict=True) if y]
    bad = [c for c, y in zip(predicted, happened, strict=True) if not y]
    wins = [(g > b) + (g == b) / 2 for g in good for b in bad]
    assert auroc(predicted, happened) == pytest.approx(np.mean(wins) if wins else 0.5)


def test_wilson_holds_the_rate_as_often_as_it_says():
    """Of 2,000 samples of 40 with a rate of 0.9, 93 to 97 % have the rate within their interval."""
    counts = np.random.default_rng(1).binomial(40, 0.9, 2000)
    held = np.mean([low <= 0.9 <= high for low, high in (wilson(float(count), 40) for count in counts)])
    assert 0.93 <= held <= 0.97


@pytest.mark.parametrize(
    ("predicted", "happened"), [([], []), ([0.5], [0.5, 1]), ([1.1], [1]), ([float("nan")], [1])]
)
def test_what_is_no_pair_of_chances_is_refused(predicted, happened):
    """Nothing, unequal numbers, or a number outside 0..1 is an error and not a score."""
    with pytest.raises(ValueError, match="chance"):
        brier(predicted, happened)
