"""Beliefs from counts: own outcomes in full, everybody else's as a start, whatever the counts are."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.beliefs import Beliefs
from routing.pooled_effects import SPREADS
from routing.posterior import LEAST_SHAPE
from routing.snapshot import Tally

AREAS = ("code", "reason", "reason/algebra", "reason/logic", "chat/a/b", "", "/")
MODELS = ("large", "small", "", "new")
tallies = st.builds(
    Tally,
    requests=st.one_of(st.integers(0, 300), st.sampled_from([10**15, 10**30, -1])),
    successes=st.one_of(st.floats(0, 300), st.sampled_from([math.nan, math.inf, 1e15, -3.0])),
)
tables = st.dictionaries(st.tuples(st.sampled_from(AREAS), st.sampled_from(MODELS)), tallies, max_size=16)


def test_a_cell_is_its_own_counts_on_top_of_what_is_expected():
    """The posterior is the prior plus successes and failures, and so ends at the cell's own rate."""
    beliefs = Beliefs({("code", "large"): Tally(10_000, 9_000), ("code", "small"): Tally(10, 1)})
    prior, posterior = beliefs.prior("code", "large"), beliefs.posterior("code", "large")
    assert posterior == (prior.a + 9_000, prior.b + 1_000)
    assert abs(posterior.mean - 0.9) < 0.002


def test_nothing_known_is_one_half():
    """Without any counts every model of every area is expected to be right half of the time, with little weight."""
    belief = Beliefs({}).posterior("code", "large")
    assert belief.mean == 0.5
    assert belief.a + belief.b < 5


def test_a_model_good_elsewhere_is_expected_to_be_good_here():
    """Two models with records in other areas only are told apart in a new one, and none of it counts in full."""
    cells = {
        (area, m): Tally(40, 40 * r) for area in ("code", "chat") for m, r in (("large", 0.9), ("small", 0.4))
    }
    beliefs = Beliefs(cells)
    large, small = (beliefs.posterior("reason", model) for model in ("large", "small"))
    assert large.mean > small.mean + 0.2
    assert large.a + large.b < 40


def test_a_hard_area_does_not_speak_against_its_models():
    """Of two models with the same raw rate, the one that met the harder area is believed to be better elsewhere."""
    cells = {
        ("hard", "brave"): Tally(60, 18),
        ("hard", "third"): Tally(60, 3),
        ("easy", "timid"): Tally(60, 18),
        ("easy", "third"): Tally(60, 54),
    }
    beliefs = Beliefs(cells)
    assert beliefs.posterior("other", "brave").mean > beliefs.posterior("other", "timid").mean + 0.1


def test_a_topic_starts_from_its_kind():
    """A topic without outcomes follows the other topics of its kind more than those of another kind."""
    cells = {
        ("reason/algebra", "large"): Tally(200, 180),
        ("reason/algebra", "small"): Tally(200, 100),
        ("code/web", "large"): Tally(200, 100),
        ("code/web", "small"): Tally(200, 180),
    }
    beliefs = Beliefs(cells)
    reason, code = (
        beliefs.posterior(area, "large").mean - beliefs.posterior(area, "small").mean
        for area in ("reason/logic", "code/data")
    )
    assert reason > 0.02
    assert code < -0.02


def test_an_unknown_model_is_what_is_usual_in_the_area():
    """A model nobody tried is expected to do better in an easy area than in a hard one."""
    cells = {
        (area, m): Tally(50, 50 * rate) for area, rate in (("easy", 0.9), ("hard", 0.1)) for m in ("a", "b")
    }
    beliefs = Beliefs(cells)
    assert beliefs.posterior("easy", "new").mean > 0.6
    assert beliefs.posterior("hard", "new").mean < 0.4


def test_the_pool_counts_for_so_many_outcomes_and_no_more():
    """A million requests of others weigh like eight of one's own, and like three when told so."""
    own = {("code", "large"): Tally(2, 1)}
    pooled = {("code", "large"): Tally(1_000_000, 900_000)}
    eight = Beliefs(own, pooled=pooled)
    assert eight.posterior("code", "large") == Beliefs({("code", "large"): Tally(10, 8.2)}).posterior(
        "code", "large"
    )
    three = Beliefs(own, pooled=pooled, pool_strength=3.0)
    gained = three.posterior("code", "large").a - three.prior("code", "large").a
    assert gained == pytest.approx(1 + 3 * 0.9)
    assert Beliefs({}, pooled=pooled).posterior("code/web", "large").mean > 0.6


def test_more_evidence_elsewhere_makes_the_start_firmer():
    """What is expected of a new area is worth more outcomes when other areas know the models well."""
    few, many = (
        Beliefs({(area, "large"): Tally(n, 0.7 * n) for area in ("a", "b", "c")}).prior("d", "large")
        for n in (1, 100)
    )
    assert many.a + many.b > few.a + few.b


@given(tables)
def test_any_counts_make_usable_beliefs(cells):
    """Zero, huge, negative and absent counts: shapes are finite and large enough, and means are rates."""
    beliefs = Beliefs(cells, pooled=cells)
    for area in (*AREAS, "unheard/of"):
        for model in (*MODELS, "unheard of"):
            belief = beliefs.posterior(area, model)
            assert all(math.isfinite(shape) and shape >= LEAST_SHAPE for shape in belief)
            assert 0 < belief.mean < 1 or belief.a >= 10**14 or belief.b >= 10**14


@given(tables, st.randoms())
def test_the_order_of_the_counts_and_empty_cells_change_no_bit(cells, draw):
    """The same counts in another order, with empty cells added, give the same beliefs to the last bit."""
    keys = [*cells]
    draw.shuffle(keys)
    again = {("empty", "cell"): Tally(), **{key: cells[key] for key in keys}}
    first, second = Beliefs(cells), Beliefs(again)
    for area in AREAS:
        for model in MODELS:
            assert first.posterior(area, model) == second.posterior(area, model)


def test_pooling_predicts_better_than_each_cell_alone():
    """On simulated areas and models with few outcomes, priors are nearer to the truth than one half or model rates."""
    draw = np.random.default_rng(1)
    pooled_error = model_error = 0.0
    for _ in range(20):
        logits = draw.normal(0, 1, (8, 1)) + draw.normal(0, 0.8, (1, 6)) + draw.normal(0, 0.4, (8, 6))
        rates = 1 / (1 + np.exp(-logits))
        counts = draw.integers(0, 12, (8, 6))
        wins = draw.binomial(counts, rates)
        beliefs = Beliefs(
            {
                (f"a{i}", f"m{j}"): Tally(int(counts[i, j]), int(wins[i, j]))
                for i in range(8)
                for j in range(6)
            }
        )
        own = (wins.sum(0) + 1) / (counts.sum(0) + 2)
        for i in range(8):
            for j in range(6):
                pooled_error += (beliefs.prior(f"a{i}", f"m{j}").mean - rates[i, j]) ** 2
                model_error += (own[j] - rates[i, j]) ** 2
    assert pooled_error < 0.6 * model_error


def test_what_is_expected_is_worth_a_bounded_number_of_outcomes():
    """However sure the others are, a cell's own outcomes decide in the end."""
    cells = {(f"area {i}", "large"): Tally(10**6, 10**6) for i in range(20)}
    prior = Beliefs(cells).prior("new", "large")
    assert prior.a + prior.b <= SPREADS.most_strength + 1e-9


def test_a_longer_perfect_record_tells_more_elsewhere():
    """1,000 of 1,000 in code promise more for chat than 100 of 100, and these more than 10 of 10; failures mirror it."""
    lengths = (10, 30, 100, 300, 1_000)
    good = [Beliefs({("code", "m"): Tally(n, n)}).posterior("chat", "m").mean for n in lengths]
    bad = [Beliefs({("code", "m"): Tally(n, 0)}).posterior("chat", "m").mean for n in lengths]
    assert good == sorted(good)
    assert bad == sorted(bad, reverse=True)
    assert good[-1] > 0.75
    assert bad[-1] < 0.25
