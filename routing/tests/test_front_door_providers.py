"""One suite for every wire: the same questions, whole and streamed, come out of each provider as the same answers."""

import json
from contextlib import contextmanager

import openai
import pytest

from miosa.testing.front_door import catalogue, front_door, swift
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing.models import ModelCall
from routing.providers.anthropic_answer import Events, chat_completion
from routing.providers.anthropic_request import messages_request
from routing.tests.answers_of_tools import CALLS, TOOL
from routing.tests.boards import model

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
HELLO = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello."}]
JUDGED = {"groq": "groq", "openai": "openai", "openai-compatible": "mistral", "anthropic": "anthropic"}


def served_by_llmock(wire, llmock):
    """The address of an independent server of this wire."""
    url = llmock.base_url(JUDGED[wire])
    return url if url.endswith("/v1") else f"{url}/v1"


@contextmanager
def through(tenant, folder, wire, url):
    """OpenAI's client before a provider of this wire at this address."""
    with (
        catalogue(
            folder, swift("swift", wire=wire, key=True), {"SWIFT_URL": url, "SWIFT_KEY": "sk-of-the-platform"}
        ),
        front_door(tenant, folder, groq_api_key="", kimi_api_key="", local_model_url="") as door,
        openai.OpenAI(base_url=door.url, api_key=door.key, max_retries=0) as client,
    ):
        yield client, door


@pytest.mark.parametrize("wire", list(JUDGED))
def test_whole_and_streamed(tenant, tmp_path, llmock, wire):
    """Words, finish reason and tokens, counted by an independent server, arrive and are written down."""
    llmock.reply("one two three", times=2)
    with through(tenant, tmp_path, wire, served_by_llmock(wire, llmock)) as (client, door):
        got = client.chat.completions.create(model="swift-1", messages=HELLO, max_tokens=50)
        assert got.choices[0].message.content == "one two three"
        assert got.choices[0].finish_reason == "stop"
        chunks = list(
            client.chat.completions.create(
                model="swift-1",
                messages=HELLO,
                max_tokens=50,
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        door.drained()
    assert (
        "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "one two three"
    )
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    told = [(got.usage.prompt_tokens, got.usage.completion_tokens)]
    told.append((chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens))
    calls = ModelCall.objects.order_by("created")
    assert [(call.input_tokens, call.output_tokens) for call in calls] == told
    assert not any(call.estimated for call in calls)


@pytest.mark.parametrize("wire", list(JUDGED))
def test_a_tool_is_called(tenant, tmp_path, llmock, wire):
    """A call of a tool comes with its arguments, whole and streamed."""
    llmock.call_tool("weather", {"city": "Oslo"}, times=2)
    with through(tenant, tmp_path, wire, served_by_llmock(wire, llmock)) as (client, _):
        got = client.chat.completions.create(model="swift-1", messages=HELLO, tools=[TOOL], max_tokens=50)
        (call,) = got.choices[0].message.tool_calls
        assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"city": "Oslo"})
        assert got.choices[0].finish_reason == "tool_calls"
        arguments = ""
        for chunk in client.chat.completions.create(
            model="swift-1", messages=HELLO, tools=[TOOL], max_tokens=50, stream=True
        ):
            for piece in chunk.choices[0].delta.tool_calls or () if chunk.choices else ():
                arguments += piece.function.arguments or ""
        assert json.loads(arguments) == {"city": "Oslo"}


@pytest.mark.parametrize("wire", list(JUDGED))
def test_two_failures_are_survived_on_every_wire(tenant, tmp_path, llmock, wire):
    """The judge finds nothing wrong with how each wire is asked again."""
    llmock.fail(503, times=2)
    with through(tenant, tmp_path, wire, served_by_llmock(wire, llmock)) as (client, _):
        assert client.chat.completions.create(model="swift-1", messages=HELLO, max_tokens=50).choices
    llmock.assert_resilient()


def test_kimi_is_left_alone_where_it_wants_that(tenant, tmp_path):
    """Thoughts come through and go back; sampling is left out, and the caller is told so."""
    with WireServer(lambda asked: Reply(text="hi", reasoning="hmm")) as server:
        with through(tenant, tmp_path, "moonshot", server.url) as (client, _):
            turns = [*HELLO, {"role": "assistant", "content": "x", "reasoning_content": "before"}, HELLO[1]]
            got = client.chat.completions.with_raw_response.create(
                model="swift-1", messages=turns, temperature=0.2, top_p=0.9
            )
    assert got.parse().choices[0].message.reasoning_content == "hmm"
    assert got.headers["x-miosa-left-out"] == "temperature, top_p"
    sent = server.requests[0].body
    assert sent["messages"][2]["reasoning_content"] == "before"
    assert not {"temperature", "top_p"} & set(sent)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(text="one two three", line_end="\r\n"),
        Reply(text="one two three", empty_lines=False),
        Reply(text="one two three", space=False, comments=True),
        Reply(text="one two three", done=False),
        Reply(text="one two three", usage_at="choice"),
        Reply(text="one two three", usage_at="x_groq", role_first=False),
        Reply(text="one two three", whole_when_streamed=True),
        Reply(text="one two three", stays_open=True, usage_at="nowhere"),
    ],
    ids=[
        "CRLF",
        "no empty lines",
        "comments",
        "no DONE",
        "usage in the choice",
        "x_groq",
        "whole",
        "stays open",
    ],
)
def test_a_rude_server_is_understood(tenant, tmp_path, reply):
    """Whatever is optional on the wire may be bent: not a letter is lost."""
    with WireServer(lambda asked: reply) as server:
        with through(tenant, tmp_path, "openai-compatible", server.url) as (client, _):
            chunks = list(client.chat.completions.create(model="swift-1", messages=HELLO, stream=True))
    assert (
        "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "one two three"
    )


def test_the_local_model_itself(tenant, tmp_path, local_model_url):
    """llama.cpp: an answer, a stream, probabilities, and the model's own name instead of a file's."""
    with front_door(
        tenant, tmp_path, groq_api_key="", kimi_api_key="", local_model_url=local_model_url
    ) as door:
        with openai.OpenAI(base_url=door.url, api_key=door.key, max_retries=0) as client:
            got = client.chat.completions.create(
                model="auto", messages=HELLO, max_tokens=8, logprobs=True, seed=1
            )
            assert got.model == "smollm2-135m"
            assert got.choices[0].logprobs.content
            chunks = list(
                client.chat.completions.create(model="auto", messages=HELLO, max_tokens=8, stream=True)
            )
    assert {getattr(chunk, "model", "") for chunk in chunks} == {"smollm2-135m"}


def test_a_request_for_a_message():
    """System words aside, turns of one speaker together, tools and their results as blocks."""
    turns = [*HELLO, {"role": "assistant", "content": None, "tool_calls": CALLS[:1]},
             {"role": "tool", "tool_call_id": "call_1", "content": "cold"}, {"role": "user", "content": "And now?"}]  # fmt: skip
    body = {"model": "auto", "messages": turns, "tools": [TOOL], "tool_choice": "required", "stop": "END", "seed": 1,
            "parallel_tool_calls": False}  # fmt: skip
    sent, left_out = messages_request(model("claude"), body, 99)
    assert (sent["system"], sent["max_tokens"], sent["stop_sequences"]) == ("Be brief.", 99, ["END"])
    assert [turn["role"] for turn in sent["messages"]] == ["user", "assistant", "user"]
    assert [block["type"] for block in sent["messages"][2]["content"]] == ["tool_result", "text"]
    assert sent["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    assert left_out == ("seed",)


def test_an_answer_that_is_a_message():
    """Texts, thoughts and calls; tokens from a cache are read tokens; a cut answer says so."""
    got = chat_completion(
        {
            "id": "msg_1", "model": "claude", "stop_reason": "max_tokens",
            "content": [{"type": "thinking", "thinking": "hmm"}, {"type": "text", "text": "hi"},
                        {"type": "tool_use", "id": "t", "name": "weather", "input": {"city": "Oslo"}}],
            "usage": {"input_tokens": 5, "cache_read_input_tokens": 7, "output_tokens": 3},
        }
    )  # fmt: skip
    choice = got["choices"][0]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("length", "hi")
    assert choice["message"]["reasoning_content"] == "hmm"
    assert got["usage"]["prompt_tokens"] == 12
    assert Events().chunks({"type": "ping"}) == []
