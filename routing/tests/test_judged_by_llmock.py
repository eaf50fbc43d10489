"""The whole path of a call under a server that breaks things on purpose and judges the client."""

import random

import pytest

from routing.attempts import Attempts
from routing.catalog_file import catalog
from routing.errors import NoProviderLeft
from routing.messages import Message, Prompt
from routing.providers.contract import Limits, ProviderFailure
from routing.providers.groq import Groq
from routing.tests.boards import provider

MODEL = catalog().model("openai/gpt-oss-20b")
PROMPT = Prompt((Message("user", "Say something of five words or more, please."),))


@pytest.fixture
def attempts(llmock):
    """Our client before the judge's Groq, with a second of patience."""
    facts = {"groq": provider("groq")}  # first token 1 s, idle 1 s, total 5 s
    return Attempts(
        {"groq": Groq(llmock.base_url("groq"), "gsk_test")}, facts, rng=random.Random(3), backoff_s=0.1
    )


def test_nothing_broken_passes(llmock, attempts):
    """One call, one attempt, a clean verdict."""
    answer = attempts.collect([MODEL], PROMPT)
    assert (answer.completion.finish_reason, len(answer.attempts)) == ("stop", 1)
    llmock.assert_resilient(strict=True)


@pytest.mark.parametrize("status", [409, 500, 529])
def test_two_failures_are_survived(llmock, attempts, status):
    """Failed twice, answered at the third try, and the judge finds nothing wrong."""
    llmock.fail(status, times=2)
    answer = attempts.collect([MODEL], PROMPT)
    assert [record.status for record in answer.attempts] == [status, status, 200]
    llmock.assert_resilient()


def test_retry_after_is_kept(llmock, attempts):
    """429 with one second, twice: the judge measures that we never came back too early."""
    llmock.rate_limit(times=2, retry_after=1.0)
    answer = attempts.collect([MODEL], PROMPT)
    assert [record.status for record in answer.attempts] == [429, 429, 200]
    llmock.assert_resilient(strict=True)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_no_retry_can_fix_is_sent_once(llmock, attempts, status):
    """One attempt, an error for the caller, a clean verdict."""
    llmock.fail(status, times=None)
    with pytest.raises(NoProviderLeft) as caught:
        attempts.collect([MODEL], PROMPT)
    assert [record.status for record in caught.value.attempts] == [status]
    llmock.assert_resilient(strict=True)


def test_a_permanent_outage_is_given_up_after_four(llmock, attempts):
    """Four tries, no storm."""
    llmock.outage()
    with pytest.raises(NoProviderLeft) as caught:
        attempts.collect([MODEL], PROMPT)
    assert len(caught.value.attempts) == len(llmock.requests) == 4
    llmock.assert_resilient()


def test_a_truncated_stream_is_never_taken_for_an_answer(llmock, attempts):
    """Cut cleanly, with no finish reason: run again, and the answer is the whole one."""
    llmock.reply("one two three four five", times=2).truncate(after_chunks=3)
    answer = attempts.collect([MODEL], PROMPT)
    assert answer.completion.text == "one two three four five"
    assert [record.ok for record in answer.attempts] == [False, True]
    llmock.assert_resilient(strict=True)


def test_a_truncated_stream_raises_where_nothing_may_be_tried_again(llmock, attempts):
    """The bare provider raises after the partial text (the judge cannot see an exception, so it is asserted here)."""
    llmock.reply("one two three four five").truncate(after_chunks=3)
    with pytest.raises(ProviderFailure, match="without a finish reason"):
        list(attempts.providers["groq"].stream(MODEL, PROMPT, limits=Limits()))


@pytest.mark.parametrize("fault", ["disconnect", "corrupt"])
def test_a_dropped_or_malformed_stream_is_run_again(llmock, attempts, fault):
    """The connection drops, or a chunk is no JSON: the second try answers whole."""
    llmock.reply("one two three four five", times=2)
    getattr(llmock, fault)(after_chunks=3)
    answer = attempts.collect([MODEL], PROMPT)
    assert answer.completion.text == "one two three four five"
    assert [record.ok for record in answer.attempts] == [False, True]
    llmock.assert_resilient()


def test_a_stall_ends_with_the_idle_limit(llmock, attempts):
    """Thirty seconds of silence in a stream cost one second."""
    llmock.stall(after_chunks=2, seconds=30)
    answer = attempts.collect([MODEL], PROMPT)
    assert answer.attempts[0].error == "no answer within 1 s (idle)"
    assert 1000 <= answer.attempts[0].latency_ms < 2000
    llmock.assert_resilient()


def test_a_slow_first_token_is_tried_again(llmock, attempts):
    """Five seconds to the first token, one is allowed: the second try answers."""
    llmock.slow_first_token(5)
    answer = attempts.collect([MODEL], PROMPT)
    assert answer.attempts[0].error == "no answer within 1 s (first token)"
    assert answer.attempts[1].ok
    llmock.assert_resilient()


def test_a_real_quota_is_respected_before_it_refuses(llmock, attempts):
    """Sixty requests a minute: after the sixtieth our client waits by the headers, so that none is ever refused."""
    llmock.limits(rpm=60)
    answers = [attempts.collect([MODEL], PROMPT) for _ in range(62)]
    assert {record.status for answer in answers for record in answer.attempts} == {200}
    llmock.assert_resilient(strict=True)
