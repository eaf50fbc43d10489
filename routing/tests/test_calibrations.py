"""Confidences are put right by what people and judges say, each agent by its own, and never by the checks themselves."""

import random
from decimal import Decimal

import pytest

from routing import calibrations, verdicts
from routing.confidence_report import ALL, report
from routing.models import Calibration
from routing.tests.history import decisions

MODEL = "openai/gpt-oss-20b"


def labelled(count: int, *, said: float, right: float, agent: str = "quality", seed: int = 1) -> None:
    """Answers whose checks said `said` of 10, and of which people called a share of `right` good."""
    draw = random.Random(seed)
    made = decisions(count, MODEL)
    for decision in made:
        decision.agent = agent
        decision.save(update_fields=["agent"])
        verdicts.checked(decision.pk, success=said >= 7, confidence=said)
        verdicts.told_by_people(decision.pk, value=Decimal(int(draw.random() < right)))


def test_a_boasting_agent_is_put_right(tenant):
    """Answers that said 9.0 and were right in six of ten cases say about 6 from then on."""
    labelled(120, said=9.0, right=0.6)
    assert calibrations.calibrated("quality", 9.0) == 9.0
    (row,) = calibrations.relearn()
    calibrations.forget()
    assert row.labels == 120
    assert row.brier_after < row.brier_before
    assert calibrations.calibrated("quality", 9.0) == pytest.approx(6.0, abs=1.2)


def test_each_agent_has_its_own_map(tenant):
    """What people said of one agent moves no other's confidence."""
    labelled(60, said=9.0, right=0.4, agent="development")
    calibrations.relearn()
    calibrations.forget()
    assert calibrations.calibrated("development", 9.0) < 7
    assert calibrations.calibrated("communication", 9.0) == 9.0


def test_a_few_labels_change_nothing(tenant):
    """Below twenty labels there is no map."""
    labelled(calibrations.LEAST_LABELS - 1, said=9.0, right=0.0)
    assert calibrations.relearn() == []
    assert not Calibration.objects.exists()


def test_the_verdict_of_the_checks_is_no_label(tenant):
    """Checks that praise themselves teach nothing."""
    for decision in decisions(50, MODEL):
        verdicts.checked(decision.pk, success=False, confidence=9.0)
    assert calibrations.labelled() == []
    assert calibrations.relearn() == []


def test_the_same_labels_are_stored_once(tenant):
    """A second look at the same labels writes no row."""
    labelled(60, said=9.0, right=0.5)
    assert len(calibrations.relearn()) == 1
    calibrations.forget()
    assert calibrations.relearn() == []


def test_people_overrule_the_judge(tenant):
    """Of two labels of one answer the person's counts."""
    (decision,) = decisions(1, MODEL)
    verdicts.checked(decision.pk, success=True, confidence=8.0)
    verdicts.judged(decision.pk, score=1.0)
    verdicts.told_by_people(decision.pk, value=Decimal(0))
    (one,) = calibrations.labelled()
    assert (one.happened, one.source) == (0.0, "feedback")


def test_the_report_is_right_to_the_digit(tenant):
    """Ten answers that said 8.0, six of them good: ECE 0.2, Brier 0.28, and a constant could reach 0.24."""
    for number, decision in enumerate(decisions(10, MODEL)):
        verdicts.checked(decision.pk, success=True, confidence=8.0)
        verdicts.told_by_people(decision.pk, value=Decimal(int(number < 6)))
    everybody, own = report()
    assert (everybody.agent, own.agent) == (ALL, "quality")
    assert everybody.n == 10
    assert everybody.ece == pytest.approx(0.2)
    assert everybody.brier == pytest.approx((6 * 0.04 + 4 * 0.64) / 10)
    assert everybody.brier_constant == pytest.approx(0.24)
    (only,) = everybody.bins
    assert only.n == 10
    assert (only.mean_chance, only.mean_outcome) == pytest.approx((0.8, 0.6))


def test_a_neighbours_labels_are_its_own(tenant, other_tenant, in_tenant):
    """Another tenant's people move no confidence here."""
    labelled(60, said=9.0, right=0.3)
    calibrations.relearn()
    with in_tenant(other_tenant):
        assert calibrations.labelled() == []
        assert calibrations.calibrated("quality", 9.0) == 9.0
