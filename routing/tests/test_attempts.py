"""The walk along the ranked models: retries, fallback, breakers and cancellation, each try recorded."""

import pytest

from routing.circuit import RetryBudget
from routing.errors import CallCancelled, NoProviderLeft
from routing.messages import Usage
from routing.providers.contract import BrokenAnswer, TooSlow, Unreachable, Withdrawn
from routing.tests.boards import model
from routing.tests.scene import GOOD, PROMPT, START, A, B, Scene, refused


def test_it_works():
    """The first model answers: one attempt, no wait, and the record has all its numbers."""
    scene = Scene([GOOD])
    answer = scene.collect()
    assert (answer.completion, answer.model, scene.hand.slept) == (GOOD, A, [])
    (record,) = answer.attempts
    assert (record.model, record.provider, record.ok, record.status, record.error) == (
        "a",
        "groq",
        True,
        200,
        "",
    )
    assert (record.input_tokens, record.output_tokens, record.estimated) == (10, 3, False)
    assert (record.latency_ms, record.first_token_ms, record.started_at) == (40, 15, START)


@pytest.mark.parametrize(
    "failure",
    [
        refused(503),
        refused(429),
        BrokenAnswer("cut"),
        Unreachable("reset"),
        TooSlow("first token", 1),
        TooSlow("idle", 1),
    ],
)
def test_what_is_retryable_is_tried_again_at_the_same_model(failure):
    """One failure, then an answer: two attempts at the first model, both recorded, the fallback never asked."""
    scene = Scene([failure, GOOD])
    answer = scene.collect()
    assert [(r.model, r.ok) for r in answer.attempts] == [("a", False), ("a", True)]
    assert answer.attempts[0].error == str(failure)
    assert scene.b.asked_at == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_what_is_final_goes_to_the_next_model_at_once(status):
    """A 4xx is never sent again; the next model gets its chance without a wait."""
    scene = Scene([refused(status)])
    answer = scene.collect()
    assert [(r.model, r.status, r.ok) for r in answer.attempts] == [("a", status, False), ("b", 200, True)]
    assert scene.hand.slept == []


def test_four_tries_at_one_model_then_the_next():
    """A permanent 503 is tried four times, then the fallback answers: five records, the answer names who spoke."""
    scene = Scene([refused(503)])
    answer = scene.collect()
    assert [r.model for r in answer.attempts] == ["a"] * 4 + ["b"]
    assert answer.model == B


def test_nobody_left_carries_every_attempt_and_every_reason():
    """Both fail for good: the error has all five attempts and both reasons, and is a 503 with Retry-After."""
    scene = Scene([refused(503)], [refused(401)])
    with pytest.raises(NoProviderLeft, match=r"a: 503: scripted; b: 401: scripted") as caught:
        scene.collect()
    assert [r.model for r in caught.value.attempts] == ["a"] * 4 + ["b"]
    assert (caught.value.status, caught.value.headers["Retry-After"]) == (503, "5")


def test_the_breaker_leaves_a_failing_model_alone():
    """Two calls fail five times at `a` together; the third goes to `b` without asking `a`, the one after 30 s asks again."""
    scene = Scene([refused(500)] * 5 + [GOOD])
    scene.collect()
    scene.collect()
    assert len(scene.a.asked_at) == 5
    assert scene.collect().attempts[0].model == "b"
    scene.hand.time += 30
    assert scene.collect().model is A


def test_a_rate_limit_never_opens_the_breaker():
    """Twelve 429 in a row: still asked at each call."""
    scene = Scene([refused(429, 0.1)])
    for _ in range(3):
        scene.collect()
    assert len(scene.a.asked_at) == 12


def test_with_every_breaker_open_the_error_says_when():
    """The only model was left alone 0 s ago: 503, come back in 30 s, and no attempt was made."""
    scene = Scene([refused(500)])
    for _ in range(2):
        with pytest.raises(NoProviderLeft):
            scene.collect(A)
    with pytest.raises(NoProviderLeft, match="left alone for") as caught:
        scene.collect(A)
    assert caught.value.attempts == ()
    assert 25 < caught.value.retry_after_s <= 30


def test_without_budget_there_is_no_retry():
    """The budget is spent: one try, then the next model, and the reason says why."""
    scene = Scene([refused(503)], [refused(503)])
    scene.attempts.budget = RetryBudget(reserve=0.0)
    with pytest.raises(NoProviderLeft, match="no retry left in the budget") as caught:
        scene.collect()
    assert [r.model for r in caught.value.attempts] == ["a", "b"]


def test_cancelling_ends_the_walk_with_its_attempts():
    """Withdrawn during the second try: no third, no fallback, both attempts are there to be paid for."""
    scene = Scene([refused(503), Withdrawn()])
    with pytest.raises(CallCancelled) as caught:
        scene.collect()
    assert [r.error for r in caught.value.attempts] == ["503: scripted", "cancelled by the caller"]
    assert scene.b.asked_at == []


def test_cancelling_ends_a_wait_in_its_next_turn():
    """Withdrawn one second into a wait of twenty: at most 0.05 s later it is over."""
    scene = Scene([refused(429, 20)])
    with pytest.raises(CallCancelled):
        scene.collect(cancelled=lambda: scene.hand.time >= 1)
    assert scene.hand.time < 1.1


def test_what_a_failed_try_used_is_recorded():
    """A stream that broke after some words has the tokens the provider may bill, marked as estimated."""
    broken = BrokenAnswer("cut")
    broken.usage = Usage(12, 4, estimated=True)
    record = Scene([broken, GOOD]).collect().attempts[0]
    assert (record.input_tokens, record.output_tokens, record.estimated, record.ok) == (12, 4, True, False)


def test_a_model_whose_provider_is_gone_is_passed_over():
    """A key removed since the decision: the next model answers; the same with nobody is an error that says it."""
    gone = model("c", provider="elsewhere")
    assert Scene([GOOD]).collect(gone, A).model is A
    with pytest.raises(NoProviderLeft, match="elsewhere is not set up"):
        Scene([GOOD]).collect(gone)
    with pytest.raises(NoProviderLeft, match="there was no candidate"):
        Scene([GOOD]).attempts.collect((), PROMPT)
