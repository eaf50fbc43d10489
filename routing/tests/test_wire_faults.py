"""Every way a provider can fail on the wire, on real sockets: statuses, error bodies, broken answers."""

from typing import Any

import pytest

from miosa.testing.wire_replies import Abort, Pause, Reply
from miosa.testing.wire_server import WireServer
from routing.catalog_file import catalog
from routing.messages import Message, Prompt
from routing.providers.contract import BrokenAnswer, Limits, ProviderFailure, Refused, Unreachable
from routing.providers.openai_chat import OpenAIChat

MODEL = catalog().model("openai/gpt-oss-20b")
PROMPT = Prompt((Message("user", "hello"),))
SHORT = Limits(connect_s=0.5, first_token_s=0.3, idle_s=0.3, total_s=2.0)


def _failure(wire: WireServer, reply: Reply) -> Any:
    wire.script = lambda _: reply
    with pytest.raises(ProviderFailure) as caught:
        OpenAIChat(wire.url).complete(MODEL, PROMPT, limits=SHORT)
    return caught.value


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 405, 418])
def test_client_errors_are_final(wire, status):
    """None of them is retryable, none counts against the provider's health, and the reason is passed on."""
    failure = _failure(wire, Reply(status=status, error={"message": "because"}))
    assert (type(failure), failure.status, failure.retryable, failure.trips_breaker) == (
        Refused,
        status,
        False,
        False,
    )
    assert str(failure) == f"{status}: because"


@pytest.mark.parametrize(
    ("status", "trips"),
    [
        (408, False),
        (409, False),
        (429, False),
        (498, False),
        (500, True),
        (502, True),
        (503, True),
        (504, True),
        (529, True),
    ],
)
def test_the_retry_set_is_retryable(wire, status, trips):
    """All nine may be tried again; only those from 500 on count against the provider's health."""
    failure = _failure(wire, Reply(status=status, headers={"Retry-After": "2"}))
    assert (failure.retryable, failure.trips_breaker, failure.retry_after_s) == (True, trips, 2.0)
    assert failure.usage is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "a"}}', "a"),
        (b'{"error": "b"}', "b"),
        (b'{"message": "c"}', "c"),
        (b'{"detail": [{"msg": "d"}]}', "d"),
        (b"<html>oops</html>", "<html>oops</html>"),
        (b"", "Internal Server Error"),
        (b'{"error": {}}', "Internal Server Error"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"x" * 1_000_000, "x" * 300),
    ],
)
def test_an_error_body_of_any_shape_is_told(wire, body, said):
    """OpenAI's shape, others' shapes, HTML, nothing, no text at all, and far too much."""
    failure = _failure(wire, Reply(status=500, raw=[body]))
    assert str(failure) == f"500: {said}"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(text="a b c", fault="truncate"), "without a finish reason"),
        (Reply(text="a b c", finish_reason=None), "without a finish reason"),
        (Reply(text="a b c", fault="malformed"), "malformed chunk"),
        (Reply(text="a b c", fault="error_inside"), "overloaded in the middle"),
        (Reply(raw=[b""]), "without a finish reason"),
        (Reply(raw=[b"<html>hello</html>"]), "without a finish reason"),
        (Reply(raw=[b'{"choices": [{"message"']), "malformed answer"),
        (Reply(raw=[b'{"choices": [3]}']), "malformed chunk"),
        (Reply(raw=[b"data: [1]\n\n"]), "malformed chunk"),
        (Reply(raw=[b'data: {"choices": [{"delta": 3}]}\n\n']), "delta is no object"),
        (Reply(raw=[b'data: {"choices": [{"delta": {"content": 3}}]}\n\n']), "content is no text"),
        (Reply(raw=[b'data: {"choices": [{"finish_reason": 3}]}\n\n']), "finish_reason is no text"),
    ],
)
def test_a_broken_answer_is_an_error_and_may_be_tried_again(wire, reply, said):
    """Cut off, malformed, an error inside a 200: nothing of it is used."""
    failure = _failure(wire, reply)
    assert isinstance(failure, BrokenAnswer)
    assert said in str(failure)
    assert failure.retryable


@pytest.mark.parametrize(
    ("code", "retryable"), [(400, False), ("401", False), (429, True), (503, True), ("overloaded", True)]
)
def test_an_error_inside_a_200_is_final_if_its_code_is(wire, code, retryable):
    """The code inside decides like a status would; a code that is no number may be tried again."""
    failure = _failure(wire, Reply(error={"message": "inside", "code": code}))
    assert (str(failure), failure.retryable) == ("an error inside the answer: inside", retryable)


def test_what_was_streamed_before_a_break_is_billable(wire):
    """Two words came before the cut: the failure carries an estimate of what the provider may bill."""
    failure = _failure(
        wire, Reply(text="eleven letters", fault="truncate", fault_after=2, pieces=("eleven", " words", " x"))
    )
    assert failure.usage.estimated
    assert failure.usage.output_tokens > 0
    assert failure.usage.input_tokens == PROMPT.input_tokens


def test_a_reset_connection_is_a_transport_error(wire):
    """A reset in the middle is Unreachable, retryable, counts against health, and may have cost something."""
    failure = _failure(wire, Reply(text="a b c", fault="disconnect"))
    assert isinstance(failure, Unreachable)
    assert (failure.retryable, failure.trips_breaker) == (True, True)


def test_nobody_listening_is_a_transport_error():
    """A closed port fails at once and costs nothing."""
    with pytest.raises(Unreachable) as caught:
        OpenAIChat("http://127.0.0.1:9/v1").complete(MODEL, PROMPT, limits=SHORT)
    assert caught.value.usage is None


def test_a_break_after_the_finish_reason_loses_nothing(wire):
    """The answer was whole: a reset before [DONE] only means that the tokens are estimated."""
    said = b'data: {"choices": [{"delta": {"content": "whole"}, "finish_reason": "stop"}]}\n\n'
    wire.script = lambda _: Reply(raw=[said, Pause(0.05), Abort()])
    answer = OpenAIChat(wire.url).complete(MODEL, PROMPT, limits=SHORT)
    assert (answer.text, answer.finish_reason, answer.usage.estimated) == ("whole", "stop", True)


def test_a_cut_at_the_length_limit_is_told(wire):
    """An answer cut by max tokens is whole on the wire; its finish reason says length."""
    wire.script = lambda _: Reply(finish_reason="length")
    assert OpenAIChat(wire.url).complete(MODEL, PROMPT).finish_reason == "length"


def test_the_headers_of_a_used_up_rate_are_passed_on(wire):
    """Nothing left until 1.5 s from now: the answer carries that."""
    wire.script = lambda _: Reply(
        headers={"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1.5s"}
    )
    assert OpenAIChat(wire.url).complete(MODEL, PROMPT).pause_s == 1.5
