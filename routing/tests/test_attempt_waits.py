"""How long the walk waits between tries, and when it goes to the next model instead."""

import random

import pytest

from routing.errors import NoProviderLeft
from routing.messages import Completion, Usage
from routing.tests.scene import GOOD, A, B, Scene, refused


def test_retry_after_is_a_floor_with_a_little_jitter():
    """Asked for 2 s three times: each wait lies between 2.0 and 2.2 s, never below."""
    scene = Scene([refused(429, 2.0)] * 3 + [GOOD])
    scene.collect()
    assert len(scene.gaps) == 3
    assert all(2.0 <= gap <= 2.2 + 1e-6 for gap in scene.gaps)
    assert len(set(scene.gaps)) == 3


def test_without_a_word_the_wait_is_drawn_and_grows():
    """Full jitter: over many calls the waits reach up to 1, 2 and 4 s and no further, and some are short."""
    waits: list[list[float]] = [[], [], []]
    for seed in range(200):
        scene = Scene([refused(503)])
        scene.attempts.rng = random.Random(seed)
        scene.collect()
        for place, gap in enumerate(scene.gaps):
            waits[place].append(gap)
    for most, drawn in zip((1, 2, 4), waits, strict=True):
        assert 0.9 * most < max(drawn) <= most + 1e-6
        assert min(drawn) < 0.1 * most


@pytest.mark.parametrize(("asked_s", "waited"), [(30.0, True), (30.1, False), (3_600.0, False)])
def test_a_wait_of_more_than_thirty_seconds_is_left_for_the_next_model(asked_s, waited):
    """30 s are waited for; 30.1 s are not, and the fallback answers at once."""
    scene = Scene([refused(429, asked_s), GOOD])
    answer = scene.collect()
    assert (answer.model is A) is waited
    assert (scene.hand.time >= 30) is waited


def test_a_wait_beyond_the_remaining_time_is_not_begun():
    """5 s are asked for and 3 s are left: next model, nothing slept."""
    scene = Scene([refused(429, 5.0)])
    assert scene.collect(total_s=3).model is B
    assert scene.hand.slept == []


def test_the_total_covers_all_tries():
    """Each try takes 2 s of 5: the limits of the third have 1 s less and less, and no fourth begins after the end."""
    scene = Scene([refused(503, 0.0)], [GOOD], takes_s=2)
    with pytest.raises(NoProviderLeft, match="no time is left"):
        scene.collect(total_s=5)
    assert [limits.total_s for limits in scene.a.limits] == pytest.approx([5, 3, 1], abs=0.01)
    assert scene.b.asked_at == []


def test_nobody_left_tells_the_shortest_wait():
    """Groq asks for 90 s, Kimi for 40: come back in 40."""
    scene = Scene([refused(429, 90)], [refused(429, 40)])
    with pytest.raises(NoProviderLeft) as caught:
        scene.collect()
    assert caught.value.retry_after_s == 40


def test_a_used_up_rate_is_waited_for_by_the_next_call_too():
    """The headers of a good answer say: nothing for 3 s. The next call begins 3 s later, and is no failure."""
    used_up = Completion("fine", "stop", Usage(1, 1), pause_s=3.0)
    scene = Scene([used_up, GOOD])
    scene.collect()
    scene.collect()
    assert 3.0 <= scene.gaps[0] <= 3.3 + 1e-6


def test_a_429_pauses_the_model_for_everybody():
    """One call is refused for 20 s with 10 s left, and goes elsewhere; the next call does not even ask before."""
    scene = Scene([refused(429, 20), GOOD])
    assert scene.collect(total_s=10).model is B
    assert scene.collect(total_s=10).model is B
    assert len(scene.a.asked_at) == 1
