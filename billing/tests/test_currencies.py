"""Money of any currency in whole minor units, exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.currencies import exponent, format_minor, to_minor


@pytest.mark.parametrize(
    ("amount", "currency", "minor", "told"),
    [
        ("19.00", "USD", 1900, "19.00 USD"),
        ("19", "EUR", 1900, "19.00 EUR"),
        ("1900", "JPY", 1900, "1,900 JPY"),
        ("1.234", "KWD", 1234, "1.234 KWD"),
        ("-0.01", "USD", -1, "-0.01 USD"),
        ("0", "BIF", 0, "0 BIF"),
    ],
)
def test_it_counts_in_the_currencys_own_unit(amount, currency, minor, told):
    """Two decimals, none, or three."""
    assert to_minor(amount, currency) == minor
    assert format_minor(minor, currency) == told


@pytest.mark.parametrize(
    ("amount", "currency", "why"),
    [
        ("0.001", "USD", "more than 2 decimals"),
        ("0.5", "JPY", "more than 0 decimals"),
        ("much", "USD", "is no amount"),
        ("NaN", "USD", "more than"),
        ("Infinity", "USD", "more than"),
        ("1", "usd", "is no currency"),
        ("1", "US", "is no currency"),
    ],
)
def test_it_rounds_nothing(amount, currency, why):
    """What a currency cannot express is refused."""
    with pytest.raises(ValueError, match=why):
        to_minor(amount, currency)


@given(minor=st.integers(-(10**15), 10**15), currency=st.sampled_from(["USD", "JPY", "KWD", "EUR", "CLP"]))
def test_what_is_written_is_read_back(minor, currency):
    """Writing and reading lose nothing."""
    text = format_minor(minor, currency).split()[0].replace(",", "")
    assert to_minor(text, currency) == minor
    assert len(text.partition(".")[2]) == exponent(currency)
