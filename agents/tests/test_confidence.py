"""Confidence comes from the record and the checks, on a scale from 0 to 10, with its boundary at 7.0."""

import math

import pytest

from agents.confidence import confidence, execution_score, explain, needs_improvement, prior_of
from agents.contract import Evidence

PASSED, FAILED = Evidence("a", passed=True, weight=1.0), Evidence("b", passed=False, weight=1.0)


def test_without_evidence_it_is_the_prior():
    """Nothing checked, nothing moved; and the explanation says so."""
    assert confidence(0.6, ()) == 6.0
    assert explain(0.6, ()).startswith("Nothing could be checked")


def test_checks_move_log_odds():
    """A passed check adds its weight to the log-odds, a failed one takes it away."""
    assert confidence(0.5, [PASSED]) == round(10 / (1 + math.exp(-1)), 2)
    assert confidence(0.5, [FAILED]) == round(10 / (1 + math.exp(1)), 2)
    assert confidence(0.5, [PASSED, FAILED]) == 5.0


@pytest.mark.parametrize("prior", [-1.0, 0.0, 1.0, 2.0, math.nan, math.inf])
def test_no_prior_leaves_the_scale(prior):
    """Whatever the prior, the value stays within 0 to 10 and checks still count."""
    low, high = (confidence(prior, [Evidence("x", passed=p, weight=50.0)]) for p in (False, True))
    assert 0 <= low < 1
    assert 9 < high <= 10


def test_seven_is_the_boundary():
    """6.99 asks for improvement, 7.0 does not; a low execution score asks as well."""
    assert needs_improvement(6.99)
    assert not needs_improvement(7.0)
    assert needs_improvement(9.0, 6.99)
    assert not needs_improvement(9.0, 7.0)


@pytest.mark.parametrize(
    ("success", "sure", "ms", "score"),
    [
        (True, 10, 999, 10.0),
        (True, 10, 1000, 9.0),
        (True, 10, 10_000, 9.0),
        (True, 10, 10_001, 8.0),
        (False, 0, 10_001, 4.0),
    ],
)
def test_the_execution_score_counts_success_confidence_and_pace(success, sure, ms, score):
    """5, and 2 for success, 2 x confidence / 10, 1 for under a second, -1 for over ten."""
    assert execution_score(success=success, confidence=sure, execution_ms=ms) == score


def test_the_explanation_names_what_failed():
    """A reader sees where the number starts and which check pulled it down."""
    said = explain(0.5, [PASSED, FAILED])
    assert "1 of 2 checks passed" in said
    assert said.endswith("failed: b.")
    assert explain(0.5, [PASSED]).endswith("1 of 1 checks passed.")


def test_several_answers_share_one_prior():
    """The prior of a result is the mean of its answers' priors, one half where no model took part."""
    assert prior_of([0.4, 0.8]) == pytest.approx(0.6)
    assert prior_of([]) == 0.5
