"""Limits and cancellation on real sockets: silence ends when it must, also while nothing arrives."""

import math
import threading
import time
from typing import Any

import pytest

from miosa.testing.wire_replies import Pause, Reply, Step
from miosa.testing.wire_server import WireServer
from routing.catalog_file import catalog
from routing.messages import Message, Prompt
from routing.providers.contract import Limits, TooSlow, Withdrawn
from routing.providers.groq import Groq
from routing.providers.openai_chat import OpenAIChat

MODEL = catalog().model("openai/gpt-oss-20b")
PROMPT = Prompt((Message("user", "hello"),))
SHORT = Limits(connect_s=0.5, first_token_s=0.3, idle_s=0.3, total_s=2.0)
WAITS = math.inf
LONG_S = 10.0  # a busy machine may be late; what never ends by itself is still told from what a limit ended
PINGS: list[Step] = [b": ping\n\n", Pause(0.1)] * 40


def _too_slow(wire: WireServer, reply: Reply, limits: Limits = SHORT) -> tuple[Any, float]:
    wire.script = lambda _: reply
    started = time.monotonic()
    with pytest.raises(TooSlow) as caught:
        OpenAIChat(wire.url).complete(MODEL, PROMPT, limits=limits)
    return caught.value, time.monotonic() - started


@pytest.mark.parametrize(
    ("reply", "phase"),
    [
        (Reply(before_s=WAITS), "first token"),
        (Reply(first_token_s=WAITS), "first token"),
        (Reply(first_token_s=WAITS, role_first=False), "first token"),
        (Reply(raw=PINGS), "first token"),
        (Reply(text="a b c", fault="stall"), "idle"),
        (
            Reply(raw=[b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n', *PINGS]),
            "idle",
        ),
        (Reply(status=503, raw=[b"half of an err", Pause(WAITS)]), None),
    ],
)
def test_silence_ends_after_the_limit(wire, reply, phase):
    """No headers, no token, a stall, or nothing but keep-alive comments: ended by the limit of 0.3 s, not before it."""
    failure, elapsed = _too_slow(wire, reply)
    assert failure.retryable
    assert phase is None or failure.phase == phase
    assert 0.25 <= elapsed < LONG_S


def test_a_slow_but_steady_stream_ends_with_the_total(wire):
    """A word every 0.1 s is never idle: the total of 0.6 s ends it, and another try has no time left."""
    failure, elapsed = _too_slow(
        wire, Reply(text="word " * 100, gap_s=0.1), Limits(first_token_s=0.5, idle_s=0.5, total_s=0.6)
    )
    assert (failure.phase, failure.retryable, failure.trips_breaker) == ("total", False, False)
    assert 0.6 <= elapsed < LONG_S
    assert failure.usage.output_tokens > 0


def test_a_flood_without_pauses_ends_with_the_total_too(wire):
    """A server that never lets us wait is ended by the same clock."""
    endless = Reply(text="x " * 400_000)
    failure, elapsed = _too_slow(wire, endless, Limits(first_token_s=0.5, idle_s=0.5, total_s=0.4))
    assert (failure.phase, elapsed < LONG_S) == ("total", True)


def test_a_call_that_is_not_streamed_has_only_the_total(wire):
    """A structured answer of Groq comes whole: 0.6 s of silence pass the first-token limit, the total ends 1 s."""
    whole = Prompt((Message("user", "hello"),), response_schema={"type": "object"})
    limits = Limits(first_token_s=0.2, idle_s=0.2, total_s=1.0)
    wire.script = lambda _: Reply(text="{}", first_token_s=0.6)
    answer = Groq(wire.url, "gsk_test").complete(MODEL, whole, limits=limits)
    assert (answer.text, answer.first_token_ms) == ("{}", None)
    wire.script = lambda _: Reply(text="{}", first_token_s=WAITS)
    with pytest.raises(TooSlow) as caught:
        Groq(wire.url, "gsk_test").complete(MODEL, whole, limits=limits)
    assert caught.value.phase == "total"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(before_s=WAITS),
        Reply(first_token_s=WAITS),
        Reply(text="a b c", fault="stall"),
        Reply(text="a b", stays_open=True, done=False, finish_reason=None),
    ],
)
def test_cancelling_closes_the_connection_at_once_even_in_silence(wire, reply):
    """While nothing arrives: soon the call is over and the server sees the client gone."""
    withdrawn = threading.Event()

    def asked(_request):
        threading.Timer(0.2, withdrawn.set).start()
        return reply

    wire.script = asked
    started = time.monotonic()
    with pytest.raises(Withdrawn) as caught:
        OpenAIChat(wire.url).complete(MODEL, PROMPT, cancelled=withdrawn.is_set)
    assert 0.15 <= time.monotonic() - started < LONG_S
    assert wire.requests[0].hung_up.wait(LONG_S)
    assert (caught.value.retryable, caught.value.trips_breaker) == (False, False)


def test_closing_a_stream_closes_the_connection(wire):
    """A reader who stops after the first piece stops the provider too."""
    wire.script = lambda _: Reply(text="a b c", gap_s=0.1, stays_open=True)
    pieces = OpenAIChat(wire.url).stream(MODEL, PROMPT)
    assert next(pieces).text == "a"
    pieces.close()
    assert wire.requests[0].hung_up.wait(LONG_S)


def test_two_calls_in_one_thread_keep_their_own_patience(wire):
    """A stream that rests while another call is made is not measured by that call's limits."""
    wire.script = lambda asked: Reply(text="a b c", gap_s=0.6) if asked.prompt == "slowly" else Reply()
    slow = OpenAIChat(wire.url).stream(
        MODEL, Prompt((Message("user", "slowly"),)), limits=Limits(idle_s=LONG_S)
    )
    assert next(slow).text == "a"
    OpenAIChat(wire.url).complete(MODEL, PROMPT, limits=Limits(idle_s=0.4))
    assert "".join(piece.text for piece in slow) == " b c"
