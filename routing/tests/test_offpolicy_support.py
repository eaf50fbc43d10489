"""A log that cannot answer is told apart from one that can, in a sentence with numbers."""

from dataclasses import replace

import pytest

from routing.offpolicy.log import LoggedChoice
from routing.offpolicy.support import LEAST_OF_MODEL, LEAST_ROWS, NoSupport
from routing.offpolicy.what_if import Estimates, WhatIf, what_if


def choices(number, *, propensities, target, seen=None):
    """So many rows in which each model is chosen as often as its propensity says, all of them known."""
    models = list(propensities)
    counts = [round(propensities[model] * number) for model in models]
    chosen = [model for model, count in zip(models, counts, strict=True) for _ in range(count)]
    return [
        LoggedChoice(
            chosen=model,
            propensities=propensities,
            target=target,
            reward=float(place % 3 > 0),
            cost_micros=100.0 + place % 7,
            latency_ms=500.0 + place % 11,
        )
        for place, model in enumerate(chosen)
    ]


def refused(rows):
    found = what_if(rows).value
    assert isinstance(found, NoSupport)
    return found


def test_it_works():
    """A log that explores both models answers for all three outcomes, each with an interval around its estimate."""
    found = what_if(choices(400, propensities={"a": 0.5, "b": 0.5}, target={"b": 1.0}))
    for answer in (found.value, found.cost_micros, found.latency_ms):
        assert isinstance(answer, Estimates)
        for each in (answer.ips, answer.self_normalised, answer.doubly_robust, answer.difference):
            assert each.low < each.point < each.high


def test_a_model_that_could_not_be_chosen_cannot_be_judged():
    """Three per cent of the choices on a model without propensity are too many, and its name is told."""
    target = {"a": 0.97, "never": 0.03}
    found = refused(choices(400, propensities={"a": 0.5, "b": 0.5}, target=target))
    assert found.share_unsupported == pytest.approx(0.03)
    assert "never" in found.reason
    assert "3.0%" in found.reason
    answered = what_if(choices(400, propensities={"a": 0.5, "b": 0.5}, target={"a": 0.99, "never": 0.01}))
    assert isinstance(answered.value, Estimates)


def test_too_few_judged_rows_refuse_the_value_alone():
    """One judged row below the least: no value, but cost and latency, which every row has."""
    rows = choices(400, propensities={"a": 0.5, "b": 0.5}, target={"a": 0.5, "b": 0.5})
    unjudged = [row if place % 4 == 0 else replace(row, reward=None) for place, row in enumerate(rows)]
    assert sum(row.reward is not None for row in unjudged) == LEAST_ROWS
    assert isinstance(what_if(unjudged).value, Estimates)
    found = what_if([replace(unjudged[0], reward=None), *unjudged[1:]])
    assert isinstance(found.value, NoSupport)
    assert f"{LEAST_ROWS - 1} judged" in found.value.reason
    assert isinstance(found.cost_micros, Estimates)


def test_a_sample_that_is_worth_little_is_refused():
    """Where the log seldom did what the rules would do, the effective sample is told and too small."""
    propensities = {"a": 0.9, "b": 0.1}
    found = refused(choices(400, propensities=propensities, target={"b": 1.0}))
    assert found.effective_sample == pytest.approx(40)
    assert "40" in found.reason


def test_a_wanted_model_needs_rows_of_its_own():
    """A model that would get a tenth of the choices and has too few rows is named."""
    propensities = {"a": 0.94, "rare": 0.06}
    found = refused(choices(400, propensities=propensities, target={"a": 0.9, "rare": 0.1}))
    assert "rare" in found.reason
    assert f"{LEAST_OF_MODEL} are needed" in found.reason


def test_a_handful_of_heavy_rows_is_no_answer():
    """Five rows chosen against all odds carry over a quarter of all weight: refused, though the sample is large."""
    rows = choices(1000, propensities={"a": 0.5, "b": 0.5}, target={"a": 0.5, "b": 0.5})
    odd = replace(rows[0], propensities={"a": 1 / 148, "b": 147 / 148})
    found = refused([odd] * 5 + rows)
    assert "5 decisions" in found.reason


def test_propensities_that_do_not_fit_the_choices_are_noticed():
    """A log that says each model had a half but nearly always chose one is not believed."""
    rows = choices(400, propensities={"a": 0.5, "b": 0.5}, target={"b": 1.0})
    found = refused([row for place, row in enumerate(rows) if row.chosen == "a" or place % 2])
    assert "propensities" in found.reason


def test_an_empty_log_says_nothing():
    """Without a row everything is refused."""
    found = what_if([])
    assert isinstance(found, WhatIf)
    assert all(isinstance(each, NoSupport) for each in (found.value, found.cost_micros, found.latency_ms))


@pytest.mark.parametrize(
    "wrong",
    [
        {"propensities": {"a": 0.5, "b": 0.4}},
        {"target": {"a": 1.5, "b": -0.5}},
        {"propensities": {"a": float("nan"), "b": 1.0}},
        {"propensities": {"b": 1.0}},
    ],
)
def test_a_log_that_contradicts_itself_is_an_error(wrong):
    """Chances that are no distribution, or a choice that had no chance, raise instead of misleading."""
    rows = choices(400, propensities={"a": 0.5, "b": 0.5}, target={"b": 1.0})
    assert rows[0].chosen == "a"
    with pytest.raises(ValueError, match=r"distribution|propensity"):
        what_if([replace(rows[0], **wrong), *rows[1:]])
