"""Platt's correction follows many labels, and hardly moves for few."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.reliability.logistic import expit, logit
from routing.reliability.platt import IDENTITY, fit
from routing.reliability.scores import brier, ece


def labelled(number, *, shift, slope, seed=0):
    rng = np.random.default_rng(seed)
    said = rng.uniform(0.05, 0.95, number)
    return said, (rng.random(number) < expit(shift + slope * logit(said))).astype(float)


def test_it_works():
    """Chances that are too sure by a known amount are put right: the amount is found, the error falls."""
    said, happened = labelled(4000, shift=-0.5, slope=0.5)
    found = fit(said, happened)
    assert found.shift == pytest.approx(-0.5, abs=0.1)
    assert found.slope == pytest.approx(0.5, abs=0.1)
    later, outcomes = labelled(4000, shift=-0.5, slope=0.5, seed=1)
    right = [found.calibrated(chance) for chance in later.tolist()]
    assert ece(right, outcomes) < 0.03 < ece(later, outcomes)
    assert brier(right, outcomes).score < brier(later, outcomes).score


def test_a_label_changes_little():
    """One label that speaks against a chance of 0.8 moves it by less than 0.05, and none leaves it alone."""
    assert abs(fit([0.8], [0.0]).calibrated(0.8) - 0.8) < 0.05
    assert fit([], []) == IDENTITY
    assert IDENTITY.calibrated(0.8) == pytest.approx(0.8)


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_labels_that_are_all_alike_end_nowhere_infinite(outcome):
    """Thirty successes alone, or failures alone, move a chance towards them and not up to them."""
    found = fit([0.3, 0.6, 0.9] * 10, [outcome] * 30)
    moved = found.calibrated(0.6)
    assert (0.6 < moved < 0.99) if outcome else (0.01 < moved < 0.6)


def test_the_order_of_chances_is_never_turned_round():
    """Labels in the reverse order of the chances make the chances count for nothing."""
    said = np.linspace(0.05, 0.95, 400)
    assert fit(said, (said < 0.5).astype(float)).slope == 0.0


def test_fractions_count_as_what_they_are():
    """A label of 0.7 each leaves a chance of 0.7 where it is."""
    assert fit([0.7] * 500, [0.7] * 500).calibrated(0.7) == pytest.approx(0.7, abs=1e-6)


odd = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(odd, odd), max_size=20), odd)
def test_no_labels_however_odd_break_it(pairs, chance):
    """Whatever was said and labelled, every chance stays a chance."""
    found = fit([said for said, _ in pairs], [label for _, label in pairs])
    assert 0 <= found.calibrated(chance) <= 1
