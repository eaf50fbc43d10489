"""The official clients of OpenAI and Groq, over a real socket, with every feature of the wire."""

import asyncio
import json

import groq as groq_sdk
import openai
import pytest
from pydantic import BaseModel

from miosa.testing.front_door import KEY, front_door
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing.tests.answers_of_tools import CALLS, LOGPROBS, TOOL, call_deltas, streamed, whole

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
HELLO = [{"role": "user", "content": "Say hello."}]
MODEL = "openai/gpt-oss-20b"


@pytest.fixture
def client(door):
    """OpenAI's own client."""
    with openai.OpenAI(base_url=door.url, api_key=door.key, max_retries=0) as made:
        yield made


@pytest.fixture
def from_groq(door):
    """Groq's own client, which asks below /openai."""
    with groq_sdk.Groq(base_url=door.url.removesuffix("/v1"), api_key=door.key, max_retries=0) as made:
        yield made


def test_parallel_tool_calls(client, groq):
    """Two calls at once come whole; tools, choice and the turns that answer them go out as they are."""
    groq.script = lambda asked: whole({"tool_calls": CALLS}, "tool_calls")
    turns = [*HELLO, {"role": "assistant", "content": None, "tool_calls": CALLS},
             {"role": "tool", "tool_call_id": "call_1", "content": "cold"}]  # fmt: skip
    got = client.chat.completions.create(
        model="auto", messages=turns, tools=[TOOL], tool_choice="required", parallel_tool_calls=True
    )
    assert got.choices[0].finish_reason == "tool_calls"
    assert [call.function.arguments for call in got.choices[0].message.tool_calls] == [
        '{"city":"Oslo"}',
        '{"city":"Rome"}',
    ]
    sent = groq.requests[0].body
    assert (sent["tools"], sent["tool_choice"], sent["parallel_tool_calls"]) == ([TOOL], "required", True)
    assert sent["messages"] == turns


def test_streamed_tool_calls(client, groq):
    """The pieces of two calls' arguments come in their order and make the same calls."""
    groq.script = lambda asked: streamed(call_deltas(), "tool_calls")
    arguments = {0: "", 1: ""}
    for chunk in client.chat.completions.create(model="auto", messages=HELLO, tools=[TOOL], stream=True):
        for call in chunk.choices[0].delta.tool_calls or ():
            arguments[call.index] += call.function.arguments
    assert arguments == {0: '{"city":"Oslo"}', 1: '{"city":"Rome"}'}


def test_a_schema_is_parsed_into_a_model(client, groq):
    """`parse` asks for a strict schema and gets its object; a model that decodes by schema is told the schema itself."""

    class City(BaseModel):
        name: str

    groq.script = lambda asked: whole({"content": '{"name":"Oslo"}'}, "stop")
    got = client.chat.completions.parse(model=MODEL, messages=HELLO, response_format=City)
    assert got.choices[0].message.parsed == City(name="Oslo")
    assert groq.requests[0].body["response_format"]["json_schema"]["strict"] is True


def test_a_streamed_schema_comes_as_a_stream_where_the_provider_cannot(client, groq):
    """Groq refuses a stream with a response format: it is asked without, and the client gets its stream."""
    groq.script = lambda asked: whole({"content": '{"a":1}'}, "stop")
    with client.chat.completions.create(
        model=MODEL, messages=HELLO, stream=True, response_format={"type": "json_object"},
        stream_options={"include_usage": True},
    ) as chunks:  # fmt: skip
        got = list(chunks)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in got if chunk.choices) == '{"a":1}'
    assert got[-2].choices[0].finish_reason == "stop"
    assert got[-1].usage.total_tokens == 28
    assert groq.requests[0].streamed is False


def test_every_other_field_goes_on_as_it_is(client, groq):
    """stop, seed, logprobs and what only the provider knows arrive there; the probabilities come back."""
    groq.script = lambda asked: whole({"content": "yes"}, "stop", logprobs=LOGPROBS)
    got = client.chat.completions.create(
        model=MODEL, messages=HELLO, stop=["\n"], seed=7, logprobs=True, top_logprobs=2, temperature=0.3,
        max_tokens=5, extra_body={"a_new_field": {"x": 1}},
    )  # fmt: skip
    assert got.choices[0].logprobs.content[0].token == "yes"
    sent = groq.requests[0].body
    wanted = {"stop": ["\n"], "seed": 7, "logprobs": True, "top_logprobs": 2, "temperature": 0.3,
              "max_completion_tokens": 5, "a_new_field": {"x": 1}, "model": MODEL}  # fmt: skip
    assert {name: sent[name] for name in wanted} == wanted
    assert "max_tokens" not in sent


def test_usage_in_a_stream_only_where_it_is_asked_for(client, groq):
    """Without the option no chunk counts tokens, with it the last one does; the provider is always asked."""
    groq.script = lambda asked: streamed([{"content": "a"}, {"content": "b"}], "stop")
    plain = list(client.chat.completions.create(model=MODEL, messages=HELLO, stream=True))
    assert all(chunk.usage is None and chunk.choices for chunk in plain)
    counted = list(
        client.chat.completions.create(
            model=MODEL, messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
    )
    assert counted[-1].usage.total_tokens == 28
    assert groq.requests[0].body["stream_options"] == {"include_usage": True}


def test_the_decision_comes_on_request(client, groq):
    """A member `miosa` asks for the reasons, and for a kind of task; whole and streamed answers carry them."""
    body = {"miosa": {"include": True, "task_kind": "code"}}
    got = client.chat.completions.create(model="auto:quality", messages=HELLO, extra_body=body)
    told = got.miosa
    assert (told["mode"], told["model"]) == ("quality", groq.requests[0].model)
    assert told["why"] and told["cost_micros"] > 0
    assert "miosa" not in groq.requests[0].body
    *_, last = client.chat.completions.create(model="auto", messages=HELLO, stream=True, extra_body=body)
    assert last.miosa["cost_micros"] > 0


@pytest.mark.parametrize("mode", ["speed", "quality", "cost", "balance"])
def test_every_mode_is_a_model(client, groq, mode):
    """auto:speed and its kin are names of models."""
    got = client.chat.completions.with_raw_response.create(model=f"auto:{mode}", messages=HELLO)
    assert got.status_code == 200


def test_an_alias_is_resolved_and_told(client, groq):
    """An alias leads to its model, and the answer says so."""
    got = client.chat.completions.with_raw_response.create(model="groq-fast", messages=HELLO)
    assert got.headers["x-miosa-model"] == groq.requests[0].model == MODEL
    assert "groq-fast stands for" in got.headers["x-miosa-note"]


@pytest.mark.parametrize(
    ("changed", "error", "param"),
    [
        ({"model": "no-such-model"}, openai.NotFoundError, None),
        ({"model": "auto:cheap"}, openai.NotFoundError, "model"),
        ({"messages": []}, openai.BadRequestError, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, openai.BadRequestError, "messages[0].role"),
        ({"n": 2}, openai.BadRequestError, "n"),
        ({"functions": [{"name": "x"}]}, openai.BadRequestError, "functions"),
        ({"max_tokens": 0}, openai.BadRequestError, "max_tokens"),
        ({"extra_body": {"miosa": {"colour": 1}}}, openai.BadRequestError, "miosa.colour"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(client, groq, changed, error, param):
    """Each mistake has its status and its field, and no provider is asked."""
    with pytest.raises(error) as caught:
        client.chat.completions.create(**{"model": "auto", "messages": HELLO, **changed})
    assert caught.value.param == param
    assert groq.requests == []


def test_models_are_listed_and_described(client):
    """The list has the router's names, the models that are set up and their aliases; one of them is described."""
    ids = {model.id for model in client.models.list()}
    assert {"auto", "auto:speed", MODEL, "groq-fast"} <= ids
    assert "kimi-k3" not in ids  # not set up
    assert client.models.retrieve(MODEL).owned_by == "groq"
    with pytest.raises(openai.NotFoundError, match="did you mean"):
        client.models.retrieve("openai/gpt-oss-20")


def test_embeddings(tenant, tmp_path):
    """Floats and base64, one text and many, through the same door."""
    with (
        WireServer() as server,
        front_door(tenant, tmp_path, embeddings_url=server.url) as door,
        openai.OpenAI(base_url=door.url, api_key=door.key, max_retries=0) as client,
    ):
        got = client.embeddings.create(model="auto", input=["one", "two"], encoding_format="float")
        assert [len(row.embedding) for row in got.data] == [384, 384]
        with pytest.raises(openai.NotFoundError):
            client.embeddings.create(model="text-embedding-9", input="x")
        with pytest.raises(openai.BadRequestError, match="384 dimensions"):
            client.embeddings.create(model="auto", input="x", dimensions=10)


def test_a_response(client, groq):
    """The Responses wire: a text, with instructions that are the system's words."""
    groq.script = lambda asked: whole({"content": "hello"}, "stop")
    got = client.responses.create(model="auto", instructions="Be kind.", input="Say hello.", max_output_tokens=9)
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
    groq.script = lambda asked: streamed([{"content": "hel"}, {"content": "lo"}, *call_deltas()], "tool_calls")
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


def test_many_at_once(door, groq):
    """Forty at once through the asynchronous client, each with its own answer."""
    groq.script = lambda asked: Reply(text=f"echo {asked.prompt}", first_token_s=0.05)

    async def all_of_them():
        async with openai.AsyncOpenAI(base_url=door.url, api_key=door.key, max_retries=0) as client:
            calls = (
                client.chat.completions.create(
                    model=MODEL, messages=[{"role": "user", "content": f"number {number}"}]
                )
                for number in range(40)
            )
            return await asyncio.gather(*calls)

    texts = [answer.choices[0].message.content for answer in asyncio.run(all_of_them())]
    assert texts == [f"echo number {number}" for number in range(40)]


def test_groqs_client(from_groq, groq):
    """Groq's client: an answer, a stream, the models."""
    groq.script = lambda asked: (
        streamed([{"content": "a"}], "stop") if asked.streamed else whole({"content": "b"}, "stop")
    )
    whole_ = from_groq.chat.completions.create(model=MODEL, messages=HELLO)
    assert whole_.choices[0].message.content == "b"
    chunks = list(from_groq.chat.completions.create(model="auto", messages=HELLO, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "a"
    assert MODEL in {model.id for model in from_groq.models.list().data}
    with pytest.raises(groq_sdk.NotFoundError):
        from_groq.chat.completions.create(model="nobody", messages=HELLO)


def test_a_stream_of_a_provider_that_counts_nothing(client, door, groq):
    """Where no usage comes, it is estimated, and written down as that."""
    from routing.models import ModelCall

    groq.script = lambda asked: Reply(text="hello there", usage_at="nowhere")
    got = client.chat.completions.create(model=MODEL, messages=HELLO)
    assert got.usage.completion_tokens > 0
    list(client.chat.completions.create(model=MODEL, messages=HELLO, stream=True))
    door.drained()
    assert [call.estimated for call in ModelCall.objects.all()] == [True, True]


def test_the_platforms_key_goes_to_the_provider_and_the_callers_does_not(client, door, groq):
    """The provider sees the platform's key; the caller's own stays here."""
    client.chat.completions.create(model=MODEL, messages=HELLO)
    assert groq.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert door.key not in str(groq.requests[0].headers)
