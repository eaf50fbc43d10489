"""The Responses wire through OpenAI's own client: texts, tools, streams, and what is refused."""

import json

import openai
import pytest

from routing.tests.answers_of_tools import CALLS, TOOL, call_deltas, streamed, whole

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def client(door):
    """OpenAI's own client."""
    with openai.OpenAI(base_url=door.url, api_key=door.key, max_retries=0) as made:
        yield made


def test_a_response(client, groq):
    """The Responses wire: a text, with instructions that are the system's words."""
    groq.script = lambda asked: whole({"content": "hello"}, "stop")
    got = client.responses.create(
        model="auto", instructions="Be kind.", input="Say hello.", max_output_tokens=9
    )
    assert (got.output_text, got.status, got.usage.input_tokens) == ("hello", "completed", 20)
    sent = groq.requests[0].body
    assert [turn["role"] for turn in sent["messages"]] == ["system", "user"]
    assert sent["max_completion_tokens"] == 9


def test_a_response_with_tools(client, groq):
    """Tools are flat there, their calls are items, and the items of an earlier turn become turns again."""
    groq.script = lambda asked: whole({"tool_calls": CALLS}, "tool_calls")
    tool = {"type": "function", "strict": True, **TOOL["function"]}
    got = client.responses.create(model="auto", input="Weather?", tools=[tool])
    calls = [item for item in got.output if item.type == "function_call"]
    assert [(call.name, json.loads(call.arguments)["city"]) for call in calls] == [
        ("weather", "Oslo"),
        ("weather", "Rome"),
    ]
    said = [{"role": "user", "content": "Weather?"}, *[item.model_dump() for item in got.output],
            {"type": "function_call_output", "call_id": "call_1", "output": "cold"}]  # fmt: skip
    client.responses.create(model="auto", input=said, tools=[tool])
    turns = groq.requests[1].body["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "tool"]
    assert len(turns[1]["tool_calls"]) == 2
    assert groq.requests[0].body["tools"][0]["function"]["name"] == "weather"


def test_a_streamed_response(client, groq):
    """Words come as deltas, and the last event holds the whole response."""
    groq.script = lambda asked: streamed(
        [{"content": "hel"}, {"content": "lo"}, *call_deltas()], "tool_calls"
    )
    with client.responses.stream(model="auto", input="Say hello.") as events:
        kinds = [event.type for event in events]
        final = events.get_final_response()
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds.count("response.output_text.delta") == 2
    assert kinds[-1] == "response.completed"
    assert final.output_text == "hello"
    assert [item.type for item in final.output] == ["message", "function_call", "function_call"]
    assert final.usage.total_tokens == 28


def test_what_a_response_cannot_be_asked(client):
    """What refers to something kept is refused by name: nothing is kept."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="auto", input="x", previous_response_id="resp_1")
    assert caught.value.param == "previous_response_id"
    with pytest.raises(openai.BadRequestError, match="only functions"):
        client.responses.create(model="auto", input="x", tools=[{"type": "web_search"}])
