"""How far the judge agrees with people, in numbers that a hand can check."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from routing import judging, verdicts
from routing.feedback import Word, give
from routing.reliability.agreement import agreement
from routing.reliability.bins import wilson
from routing.tests.answered import answered


def test_it_works():
    """Three of four on the same side, half a point apart on average; kappa as computed by hand."""
    found = agreement([(1, 1), (0.8, 0.6), (0.2, 0), (0.9, 0)])
    assert (found.n, found.share_same) == (4, 0.75)
    assert found.mean_abs_difference == pytest.approx((0 + 0.2 + 0.2 + 0.9) / 4)
    # The judge says good 3 of 4 times, people 2 of 4: by chance they agree in 3/4 x 2/4 + 1/4 x 2/4 = 1/2.
    assert found.kappa == pytest.approx((0.75 - 0.5) / (1 - 0.5))
    assert (found.low, found.high) == wilson(3, 4)


@pytest.mark.parametrize(
    ("pairs", "kappa"), [([(1, 1), (1, 1)], None), ([(1, 0), (0, 1)], -1), ([(1, 1), (0, 0)], 1)]
)
def test_kappa_at_its_ends(pairs, kappa):
    """Full agreement is 1, full disagreement -1; where both say one thing only it says nothing."""
    assert agreement(pairs).kappa == kappa


def test_it_says_nothing_of_nothing():
    """Without a common answer there is no rate, and the interval is everything."""
    assert agreement([]) == (0, None, 0, 1, None, None)


def test_it_compares_what_both_judged(api, tenant, other_api):
    """Only decisions that both spoke of count, and only the tenant's own."""
    for judge, people in ((1.0, "1"), (0.9, "0.2"), (0.1, "0"), (0.3, None), (None, "1")):
        decision = answered()
        if judge is not None:
            verdicts.judged(decision.pk, score=judge)
        if people is not None:
            give(decision.pk, Word(Decimal(people), "score", "user:x"), now=datetime.now(UTC))
    found = judging.agreement()
    assert found.n == 3
    assert found.share_same == pytest.approx(2 / 3)
    told = api.get("/api/v1/feedback/agreement").json()
    assert told["n"] == 3
    assert told["mean_abs_difference"] == pytest.approx((0 + 0.7 + 0.1) / 3)
    assert other_api.get("/api/v1/feedback/agreement").json()["n"] == 0
