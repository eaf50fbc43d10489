"""P(success) is learned from outcomes, holds on answers not seen, and never fails."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.reliability.answers import Answer
from routing.reliability.scores import auroc, brier, ece
from routing.reliability.success import UNTAUGHT, fit
from routing.reliability.success_json import read, written
from routing.tests.answers_seen import Prompt, prompt, seen

TAUGHT = seen(1500, seed=0)
MODEL = fit(TAUGHT.answers, TAUGHT.rewards)


def test_it_works():
    """On answers not trained on it beats the posterior clearly, and is right as often as it says."""
    later = seen(1500, seed=1)
    posteriors = [answer.posterior for answer in later.answers]
    chances = [MODEL.chance(answer) for answer in later.answers]
    assert brier(chances, later.rewards).score < 0.85 * brier(posteriors, later.rewards).score
    assert auroc(chances, later.rewards) > auroc(posteriors, later.rewards) + 0.1
    assert ece(chances, later.rewards) < 0.04


def test_hard_prompts_and_long_answers_have_less_chance():
    """The same model on the same record: a harder prompt or a rambling answer is believed less."""
    rng = np.random.default_rng(2)
    plain = replace(TAUGHT.answers[0], prompt=prompt(0.0, rng), length=math.exp(5))
    hard = replace(plain, prompt=prompt(2.0, rng))
    long = replace(plain, length=math.exp(6.5))
    assert MODEL.chance(hard) < MODEL.chance(plain) - 0.1
    assert MODEL.chance(long) < MODEL.chance(plain) - 0.1


def test_before_any_outcome_it_is_the_posterior():
    """Untaught, and taught with nothing, it repeats the posterior; three failures move it a little."""
    answer = TAUGHT.answers[0]
    assert UNTAUGHT.chance(answer) == pytest.approx(answer.posterior)
    assert fit([], []) is UNTAUGHT
    few = fit(TAUGHT.answers[:3], [0.0] * 3)
    assert 0.65 < few.chance(Answer("area 0", "model 1", 0.8)) < 0.8


def test_a_verifier_that_tells_is_believed():
    """A signal that goes with success moves the chance its way, and one that is missing moves nothing."""
    rng = np.random.default_rng(3)
    passed = rng.integers(0, 2, 400)
    rewards = (rng.random(400) < np.where(passed, 0.9, 0.3)).astype(float)
    model = fit(
        [Answer("code", "m", 0.6, signals=(float(2 * each - 1),)) for each in passed], rewards.tolist()
    )
    good, bad, silent = (
        model.chance(Answer("code", "m", 0.6, signals=told)) for told in ((1.0,), (-1.0,), ())
    )
    assert good > 0.8
    assert bad < 0.4
    assert bad < silent < good


def test_the_same_outcomes_teach_the_same():
    """Two fits on the same rows give the same chances to the last bit."""
    again = fit(TAUGHT.answers, TAUGHT.rewards)
    assert [again.chance(a) for a in TAUGHT.answers] == [MODEL.chance(a) for a in TAUGHT.answers]


def test_json_gives_the_same_model_back():
    """Written and read, every chance is the same to the last bit, with prompts and without."""
    bare = fit([replace(answer, prompt=None) for answer in TAUGHT.answers[:50]], TAUGHT.rewards[:50])
    for model in (MODEL, bare, UNTAUGHT):
        again = read(written(model))
        assert [again.chance(a) for a in TAUGHT.answers] == [model.chance(a) for a in TAUGHT.answers]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"form": 2}', '{"form": 1, "coefficients": [NaN]}', "null"]
)
def test_what_is_no_model_is_not_read(text):
    """A stored text of another form is an error that names itself, not a model that misleads."""
    with pytest.raises(ValueError, match=r".+"):
        read(text)


def test_an_answer_does_not_help_to_judge_its_own_prompt():
    """Where traits tell nothing, prompts that two models both failed teach nothing about prompts to come."""
    rng = np.random.default_rng(4)
    answers, rewards = [], []
    for _ in range(150):
        one = Prompt(
            rng.normal(size=2).astype(np.float32), (np.unique(rng.integers(0, 60_000, 9).astype(np.uint16)),)
        )
        right = float(rng.random() < 0.5)
        answers += [Answer("a", "m", 0.5, prompt=one), Answer("a", "n", 0.5, prompt=one)]
        rewards += [right, right]
    model = fit(answers, rewards)
    chances = [model.chance(replace(answer, prompt=prompt(0.0, rng))) for answer in answers[:50]]
    assert max(abs(chance - np.mean(rewards)) for chance in chances) < 0.12


odd = st.floats(allow_nan=True, allow_infinity=True, width=32)
prompts = st.builds(
    Prompt,
    st.lists(odd, max_size=3).map(lambda numbers: np.array(numbers, dtype=np.float32)),
    st.lists(st.integers(0, 65_535), max_size=4).map(lambda hashes: (np.array(hashes, dtype=np.uint16),)),
)
answers = st.builds(
    Answer,
    st.sampled_from(["area 0", "never"]),
    st.sampled_from(["model 1", ""]),
    odd,
    prompt=st.none() | prompts,
    length=st.none() | odd,
    signals=st.lists(odd, max_size=3).map(tuple),
)


@settings(max_examples=300, deadline=None)
@given(answers)
def test_every_answer_gets_a_chance(answer):
    """No posterior, prompt, length or signal, however odd, keeps an answer from a chance within 0..1."""
    assert 0 < MODEL.chance(answer) < 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(answers, odd), max_size=30))
def test_every_log_can_be_learned_from(rows):
    """Whatever was logged, fitting gives a model that judges."""
    model = fit([answer for answer, _ in rows], [reward for _, reward in rows])
    assert 0 < model.chance(TAUGHT.answers[0]) < 1
