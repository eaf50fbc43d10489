"""What-if estimates equal what can be worked out by hand, and stay sound for odd logs."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.offpolicy.interval import estimate, t_95
from routing.offpolicy.log import Log, LoggedChoice, log_of
from routing.offpolicy.outcome_model import FOLDS, expected
from routing.offpolicy.scores import scores_of
from routing.offpolicy.what_if import estimates, what_if
from routing.tests.simulated_logs import Scenario, simulated

HALF = {"a": 0.5, "b": 0.5}


def test_it_works():
    """Four rows by hand: weights 2 and 0 for a sure target, IPS and self-normalised IPS as their formulas say."""
    rows = [
        LoggedChoice(model, HALF, {"a": 1.0}, reward=reward)
        for model, reward in zip("aaab", (1, 0, 1, 1), strict=True)
    ]
    log = log_of(rows)
    assert log.weights.tolist() == [2, 2, 2, 0]
    found = scores_of(log, np.array([1.0, 0.0, 1.0, 1.0]))
    assert found.ips.scores.mean() == pytest.approx(4 / 4)
    assert found.self_normalised.scores.mean() == pytest.approx(4 / 6)


def test_the_logging_rules_differ_from_themselves_by_nothing():
    """Asked about the very rules that made the log, the difference is exactly 0 with no interval."""
    log, truths = simulated(Scenario(400, 4, 2, "flat", "yes or no", "best"), seed=0)
    same = Log(log.models, log.chosen, log.logging, log.logging, log.area)
    found = estimates(same, truths["value"].outcomes, most=1.0)
    assert found.difference == (0.0, 0.0, 0.0)
    assert found.effective_sample == pytest.approx(400)
    assert found.ips.point == pytest.approx(truths["value"].outcomes.mean())


def test_no_row_judges_itself():
    """Changing one outcome leaves the expectations of that row, and of its whole fold, as they were."""
    log, truths = simulated(Scenario(300, 3, 2, "flat", "yes or no", "best"), seed=1)
    outcomes = truths["cost"].outcomes
    changed = outcomes.copy()
    changed[7] += 1e6
    before, after = expected(log, outcomes), expected(log, changed)
    fold = np.arange(300) % FOLDS == 7 % FOLDS
    assert np.allclose(before[fold], after[fold])
    assert not np.allclose(before[~fold], after[~fold])


def test_doubly_robust_errs_less_than_plain_inverse_propensity():
    """Over 100 logs its root mean squared error of value, cost and latency is the smaller one."""
    errors: dict[str, list[float]] = {"ips": [], "doubly_robust": []}
    for seed in range(100):
        log, truths = simulated(Scenario(600, 5, 3, "flat", "fractions", "best"), seed=seed)
        for truth in truths.values():
            found = estimates(log, truth.outcomes)
            for kind, several in errors.items():
                several.append(getattr(found, kind).point / truth.mean - 1)
    plain, robust = (np.sqrt(np.mean(np.square(errors[kind]))) for kind in ("ips", "doubly_robust"))
    assert robust < 0.8 * plain


def test_successes_alone_leave_room_for_a_failure():
    """120 successes of 120 are no proof of certainty: the interval reaches below 1, and not above."""
    rows = [LoggedChoice("ab"[place % 2], HALF, HALF, reward=1.0) for place in range(120)]
    found = what_if(rows).value
    assert found.doubly_robust.high == 1.0
    assert 0.95 < found.doubly_robust.low < 0.98


def test_a_free_model_costs_nothing():
    """Costs that are all 0 are known to be 0: outcomes without a limit get no room where nothing varies."""
    rows = [LoggedChoice("ab"[place % 2], HALF, {"a": 1.0}, cost_micros=0) for place in range(120)]
    assert what_if(rows).cost_micros.doubly_robust == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("freedom", "quantile"), [(5, 2.5706), (10, 2.2281), (30, 2.0423), (1000, 1.9623)])
def test_the_quantile_is_students(freedom, quantile):
    """The expansion agrees with the printed tables of Student's t to one per cent."""
    assert t_95(freedom) == pytest.approx(quantile, rel=0.01)


def test_skewed_numbers_get_a_longer_arm_where_the_tail_is():
    """Of numbers with a long tail upwards the interval reaches further up than down."""
    numbers = np.random.default_rng(0).lognormal(0, 1.5, 200)
    found = estimate(numbers, numbers)
    assert found.high - found.point > 1.1 * (found.point - found.low)


amounts = st.one_of(st.floats(0, 1e12), st.sampled_from([0.0, 1.0, 1e-300]))


@settings(max_examples=150, deadline=None)
@given(
    outcomes=st.lists(amounts, min_size=100, max_size=140),
    share=st.floats(0.05, 0.95),
    wanted=st.floats(0, 1),
    seed=st.integers(0, 9),
)
def test_every_log_gives_sound_numbers_or_a_refusal(outcomes, share, wanted, seed):
    """Whatever came out: an estimate is finite and within its interval, and anything else says why."""
    rng = np.random.default_rng(seed)
    rows = [
        LoggedChoice(
            "a" if rng.random() < share else "b",
            {"a": share, "b": 1 - share},
            {"a": wanted, "b": 1 - wanted},
            area=str(rng.integers(3)),
            reward=min(amount, 1.0),
            cost_micros=amount,
            latency_ms=amount,
        )
        for amount in outcomes
    ]
    found = what_if(rows)
    for answer in (found.value, found.cost_micros, found.latency_ms):
        if hasattr(answer, "reason"):
            assert answer.reason
            continue
        for each in (answer.ips, answer.self_normalised, answer.doubly_robust, answer.difference):
            assert all(map(math.isfinite, each))
            assert each.low <= each.point <= each.high


@pytest.mark.parametrize("odd", [math.nan, math.inf, None])
def test_an_outcome_that_is_no_number_is_unknown(odd):
    """A row with such a latency is left out of the latency, and counted for the rest."""
    rows = [
        LoggedChoice("ab"[place % 2], HALF, HALF, reward=place % 2, latency_ms=5.0) for place in range(200)
    ]
    found = what_if([*rows, LoggedChoice("a", HALF, HALF, reward=1.0, latency_ms=odd)])
    assert found.latency_ms.rows == 200
    assert found.value.rows == 201
