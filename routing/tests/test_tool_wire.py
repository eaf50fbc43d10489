"""Tools are offered in a model's own fields, or spelled out and held to a schema; calls come back alike."""

import json
from dataclasses import replace

import pytest

from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing.catalog_file import catalog
from routing.messages import Message, Prompt, ToolCall, ToolOffer
from routing.providers.groq import Groq
from routing.providers.local import Local

WEATHER = ToolOffer(
    "forecast",
    "Tell the weather.",
    {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
)
ASKED = Prompt((Message("user", "Is it raining?"),), tools=(WEATHER,))
AFTER = replace(
    ASKED,
    messages=(
        *ASKED.messages,
        Message("assistant", "", (ToolCall("r0u0", "forecast", '{"city": "Oslo"}'),)),
        Message("tool", "rain", call_id="r0u0"),
    ),
)


def models(*, tools: bool, json: str):
    """Models of the shipped catalogue with other abilities."""
    found = catalog().models[0]
    return replace(found, tools=tools, json=json)


@pytest.mark.parametrize("whole", [False, True])
def test_a_model_with_tools_is_offered_them(whole):
    """The call comes back whole, from a stream in pieces as well as from one document."""
    asking = Reply(text="", calls=[("forecast", {"city": "Oslo"})], whole_when_streamed=whole)
    with WireServer(lambda asked: asking) as wire:
        completion = Groq(wire.url, "gsk_x").complete(models(tools=True, json="strict"), ASKED)
    body = wire.chats()[0].body
    assert body["tools"][0]["function"]["name"] == "forecast"
    assert body["tools"][0]["function"]["parameters"] == WEATHER.parameters
    assert completion.calls == (ToolCall("call_0", "forecast", '{"city": "Oslo"}'),)
    assert completion.finish_reason == "tool_calls"


def test_several_calls_keep_their_order():
    """Pieces of two calls come one after the other; each has its own id."""
    asking = Reply(text="Both.", calls=[("forecast", {"city": "Oslo"}), ("forecast", {"city": "Rome"})])
    with WireServer(lambda asked: asking) as wire:
        completion = Groq(wire.url, "gsk_x").complete(models(tools=True, json="strict"), ASKED)
    assert [json.loads(call.arguments)["city"] for call in completion.calls] == ["Oslo", "Rome"]
    assert (completion.text, [call.id for call in completion.calls]) == ("Both.", ["call_0", "call_1"])


def test_what_a_tool_returned_goes_back_under_its_call():
    """The conversation is the wire's own: the assistant's call, then a message of the tool."""
    with WireServer(lambda asked: Reply(text="Yes.")) as wire:
        Groq(wire.url, "gsk_x").complete(models(tools=True, json="strict"), AFTER)
    turns = wire.chats()[0].body["messages"]
    assert turns[1]["tool_calls"][0]["id"] == turns[2]["tool_call_id"] == "r0u0"
    assert turns[2]["role"] == "tool"


def test_a_model_without_tools_is_held_to_a_schema():
    """It answers one object: the tool with arguments that fit its schema; that is a call like any other."""
    answer = '{"tool": "forecast", "arguments": {"city": "Oslo"}}'
    with WireServer(lambda asked: Reply(text=answer)) as wire:
        completion = Local(wire.url).complete(models(tools=False, json="grammar"), ASKED)
    body = wire.chats()[0].body
    assert "tools" not in body
    calling, answering = body["response_format"]["json_schema"]["schema"]["anyOf"]
    assert calling["properties"]["tool"] == {"const": "forecast"}
    assert calling["properties"]["arguments"] == WEATHER.parameters
    assert list(answering["properties"]) == ["answer"]
    assert completion.calls == (ToolCall("call_0", "forecast", '{"city": "Oslo"}'),)
    assert (completion.text, completion.finish_reason) == ("", "tool_calls")


def test_a_spelled_conversation_has_only_roles_that_every_server_knows():
    """Its own call as it wrote it, what came back as the user's words; then the answer alone."""
    with WireServer(lambda asked: Reply(text='{"answer": "It rains."}')) as wire:
        completion = Local(wire.url).complete(models(tools=False, json="grammar"), AFTER)
    turns = wire.chats()[0].body["messages"]
    assert [turn["role"] for turn in turns] == ["system", "user", "assistant", "user"]
    assert json.loads(turns[2]["content"]) == {"tool": "forecast", "arguments": {"city": "Oslo"}}
    assert (completion.text, completion.calls) == ("It rains.", ())


@pytest.mark.parametrize("said", ["It rains.", "{broken", '{"other": 1}', '["a"]', '{"tool": 3}'])
def test_what_fits_neither_form_is_an_answer(said):
    """Nothing is guessed: the words stay as they are."""
    with WireServer(lambda asked: Reply(text=said)) as wire:
        completion = Local(wire.url).complete(models(tools=False, json="none"), ASKED)
    assert (completion.text, completion.calls) == (said, ())
