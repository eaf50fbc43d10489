"""What providers answer wrongly: survived where nothing was seen yet, told where something was."""

import time

import openai
import pytest

from billing.models import LedgerEntry
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing.models import ModelCall
from routing.tests.front_door_scene import GOOD, door_to, streamed, whole

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.mark.parametrize("ask", [whole, streamed])
@pytest.mark.parametrize(
    "fault",
    [{"status": 429, "retry_after": 1, "times": 2}, {"status": 503, "times": 2}, {"status": 500, "times": 1}],
    ids=lambda fault: str(fault["status"]),
)
def test_two_failures_are_survived(tenant, tmp_path, llmock, ask, fault):
    """The judge sees retries that wait as they were asked, and the client sees an answer."""
    llmock.fail(**fault)
    with door_to(tenant, tmp_path, llmock.base_url("groq")) as (_, client):
        assert ask(client)
    llmock.assert_resilient()


@pytest.mark.parametrize("ask", [whole, streamed])
@pytest.mark.parametrize("status", [400, 401])
def test_what_no_retry_can_fix_is_sent_once(tenant, tmp_path, llmock, ask, status):
    """A 400 is the caller's to hear; a refused key is ours, and is a 503 for the caller. Neither is tried again."""
    llmock.fail(status, times=None)
    error = openai.BadRequestError if status == 400 else openai.InternalServerError
    with door_to(tenant, tmp_path, llmock.base_url("groq")) as (door, client), pytest.raises(error):
        ask(client)
    llmock.assert_resilient()
    door.drained()  # the catalogue knows the model no more: what was used stands in the journal
    assert ModelCall.objects.count() == 1


@pytest.mark.parametrize("ask", [whole, streamed])
def test_a_permanent_outage_goes_to_the_next_model(tenant, tmp_path, llmock, ask):
    """Four tries, then the steady provider answers; all five are written down, and one of them is paid for."""
    llmock.outage()
    with WireServer(lambda asked: GOOD) as steady:
        with door_to(tenant, tmp_path, llmock.base_url("groq"), steady.url) as (door, client):
            assert ask(client, "auto") == "all of it"
            door.drained()
    calls = list(ModelCall.objects.order_by("number"))
    assert [(call.provider, call.winner) for call in calls] == [("swift", False)] * 4 + [("steady", True)]
    assert [entry.model for entry in LedgerEntry.objects.filter(cost_micros__gt=0)] == ["steady-1"]
    llmock.assert_resilient()


@pytest.mark.parametrize("fault", ["disconnect", "truncate", "corrupt", "stall"])
def test_a_stream_that_breaks_is_told_to_who_reads_it(tenant, tmp_path, llmock, fault):
    """After the first word nothing is begun again: the client gets an error, and what came is paid for."""
    llmock.reply("one two three four five six").pace(
        40
    )  # what arrives together with its fault was not seen yet
    getattr(llmock, fault)(after_chunks=3)
    with door_to(tenant, tmp_path, llmock.base_url("groq")) as (door, client):
        began = time.monotonic()
        with pytest.raises(openai.APIError, match="broke off"):
            streamed(client)
        assert time.monotonic() - began < 15
        door.drained()
    (call,) = ModelCall.objects.all()
    assert (call.winner, call.estimated) == (True, True)
    assert call.error
    assert call.cost_micros > 0


@pytest.mark.parametrize("ask", [whole, streamed])
def test_a_first_token_that_does_not_come_is_tried_again(tenant, tmp_path, ask):
    """Silence for longer than the limit, before anything was seen: asked again, and answered."""
    replies = [Reply(text="late", first_token_s=3.0), GOOD]
    with WireServer(lambda asked: replies.pop(0) if len(replies) > 1 else replies[0]) as server:
        with door_to(tenant, tmp_path, server.url) as (_, client):
            if ask is whole:  # in one piece there is no first token: the total alone counts
                assert ask(client) == "late"
            else:
                assert ask(client) == "all of it"


def _raw(*steps, status=200, headers=None):
    return Reply(raw=list(steps), status=status, headers=headers or {})


BAD = {
    "invalid UTF-8": lambda: _raw(b'{"choices":[{"message":{"content":"\xff\xfe"},"finish_reason":"stop"}]}'),
    "half a document": lambda: _raw(b'{"choices":[{"message":{"content":"x"'),
    "no finish reason": lambda: _raw(b'{"choices":[{"message":{"content":"x"}}]}'),
    "an error inside a 200": lambda: _raw(b'{"error":{"message":"overloaded","code":503}}'),
    "no choices": lambda: _raw(b'{"id":"x"}'),
    "a page": lambda: _raw(b"<html>gateway error</html>"),
    "nothing": lambda: _raw(b""),
    "a list": lambda: _raw(b"[1,2]"),
    "choices of the wrong kind": lambda: _raw(b'{"choices":["x"]}'),
    "shorter than it says": lambda: _raw(b'{"choices":[]}', headers={"Content-Length": "9000"}),
    "a redirect": lambda: _raw(b"", status=302, headers={"Location": "http://127.0.0.1:1/"}),
}


@pytest.mark.parametrize("ask", [whole, streamed])
@pytest.mark.parametrize("name", list(BAD))
def test_an_answer_that_is_none_is_never_passed_on(tenant, tmp_path, ask, name):
    """The next provider answers instead; what came is not an answer and is not paid for."""
    with WireServer(lambda asked: BAD[name]()) as server, WireServer(lambda asked: GOOD) as steady:
        with door_to(tenant, tmp_path, server.url, steady.url) as (door, client):
            assert ask(client, "auto") == "all of it"
            door.drained()
    assert {call.provider for call in ModelCall.objects.filter(winner=True)} == {"steady"}
    assert [entry.model for entry in LedgerEntry.objects.filter(cost_micros__gt=0)] == ["steady-1"]


def test_ten_megabytes_arrive_whole(tenant, tmp_path):
    """A large answer is passed on to the byte, whole and in pieces."""
    text = "0123456789" * 1_000_000
    with WireServer(lambda asked: Reply(text=text, pieces=[text[:1_000_000]] * 10)) as server:
        with door_to(tenant, tmp_path, server.url) as (_, client):
            assert whole(client) == text
            assert streamed(client) == text


def test_letters_cut_in_two_arrive_whole(tenant, tmp_path):
    """Pieces that end inside a letter, and inside an event, are put together again."""
    event = (
        'data: {"choices":[{"index":0,"delta":{"content":"Grüße 世界"},"finish_reason":null}]}\n\n'.encode()
    )
    end = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    sent = event * 3 + end
    steps = [sent[place : place + 7] for place in range(0, len(sent), 7)]
    with WireServer(lambda asked: _raw(*steps, headers={"Content-Type": "text/event-stream"})) as server:
        with door_to(tenant, tmp_path, server.url) as (_, client):
            assert streamed(client) == "Grüße 世界" * 3


def test_a_word_that_ends_its_text_is_no_familiar_event(tenant, tmp_path):
    """Events that look like the one before but hold more than words are read: an error among them is seen."""
    head = b'data: {"choices":[{"index":0,"delta":{"content":"'
    tail = b'"},"finish_reason":null}]}\n\n'
    trick = head + b'x"},"finish_reason":null}],"error":{"message":"overloaded"},"y":[{"z":{"a":"' + tail
    steps = [head + b"one" + tail, head + b"two" + tail, trick]
    with WireServer(lambda asked: _raw(*steps, headers={"Content-Type": "text/event-stream"})) as server:
        with (
            door_to(tenant, tmp_path, server.url) as (_, client),
            pytest.raises(openai.APIError, match="overloaded"),
        ):
            streamed(client)
