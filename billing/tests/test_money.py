"""Money is whole micro-dollars with one rounding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money import format_usd, micros, token_cost_micros


@pytest.mark.parametrize(
    ("dollars", "expected"), [(0.1, 100_000), ("0.0000005", 1), (0.0000004, 0), (1, 1_000_000)]
)
def test_it_reads_dollars_by_their_decimal_form(dollars, expected):
    """0.1 is a tenth, whatever binary floats make of it."""
    assert micros(dollars) == expected


def test_it_rounds_the_sum_and_not_the_parts():
    """Three parts of a third of a micro-dollar make one, not zero."""
    third = (1, 333_334)
    assert token_cost_micros(third) == 0
    assert token_cost_micros(third, third, third) == 1


def test_it_rounds_half_up():
    """Exactly half a micro-dollar is charged as one."""
    assert token_cost_micros((1, 500_000)) == 1
    assert token_cost_micros((1, 499_999)) == 0


@given(st.integers(0, 10**9), st.integers(0, 10**8))
def test_it_stays_within_half_a_micro(tokens, price):
    """No price and no number of tokens moves the result by more than half a micro-dollar."""
    assert abs(token_cost_micros((tokens, price)) * 1_000_000 - tokens * price) <= 500_000


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "$0.00"),
        (1_250_000, "$1.25"),
        (1, "$0.000001"),
        (-500_000, "-$0.50"),
        (1_234_000_000, "$1,234.00"),
    ],
)
def test_it_shows_every_place_that_counts(amount, shown):
    """A micro-dollar is visible, and whole cents look like money."""
    assert format_usd(amount) == shown
