"""What a month will cost: what is spent is certain, the interval holds what comes as often as it says."""

import random
from datetime import date

import pytest

from billing.forecast import CONFIDENCE, _student, forecast


def test_a_steady_month_is_foretold_exactly():
    """Ten micro-dollars each day: thirty days, no doubt."""
    told = forecast([10] * 20, spent_micros=204, spent_today=4, today=date(2026, 4, 21))
    assert (told.expected_micros, told.low_micros, told.high_micros) == (300, 300, 300)
    assert (told.days_seen, told.days_left) == (20, 10)


def test_few_days_give_no_interval():
    """It says that it does not know."""
    told = forecast([10, 20], spent_micros=30, spent_today=0, today=date(2026, 4, 3))
    assert (told.expected_micros, told.low_micros, told.high_micros) == (30 + 28 * 15, None, None)
    first = forecast([], spent_micros=7, spent_today=7, today=date(2026, 4, 30))
    assert first.expected_micros == 7


def test_what_is_spent_is_never_foretold_away():
    """A busy today takes the place of its own day, and of no other."""
    told = forecast([10] * 20, spent_micros=1000, spent_today=800, today=date(2026, 4, 30))
    assert told.expected_micros == 1000
    assert (told.low_micros or 0) >= 1000


@pytest.mark.parametrize(("freedom", "quantile"), [(3, 1.6377), (5, 1.4759), (10, 1.3722), (27, 1.3137)])
def test_students_quantiles(freedom, quantile):
    """Against the printed table, 90 % one-sided."""
    assert _student(0.9, freedom) == pytest.approx(quantile, rel=0.01)


@pytest.mark.parametrize(
    "draw", [lambda r: r.gauss(100, 30), lambda r: r.expovariate(0.01)], ids=["even", "skewed"]
)
def test_the_interval_holds_as_often_as_it_says(draw):
    """Over many simulated months: near 80 %, and for skewed days not far from it."""
    dice, held, months = random.Random(7), 0, 600
    for _ in range(months):
        days = [max(0, round(draw(dice))) for _ in range(44)]
        before, after = days[:28], days[28:]
        spent = sum(before[-14:])
        told = forecast(before, spent_micros=spent, spent_today=0, today=date(2026, 4, 15))
        held += told.low_micros <= spent + sum(after) <= told.high_micros
    assert CONFIDENCE - 0.07 <= held / months <= CONFIDENCE + 0.07
