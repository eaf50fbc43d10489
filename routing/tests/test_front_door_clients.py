"""The official clients of OpenAI and Groq, over a real socket, with every feature of the wire."""

import asyncio

import groq as groq_sdk
import openai
import pytest
from pydantic import BaseModel

from billing.models import LedgerEntry
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
    assert told["why"]
    assert told["cost_micros"] > 0
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
        door.drained()
        (entry,) = LedgerEntry.objects.all()
        assert (entry.source, entry.quantity, entry.cost_micros) == ("embedding", got.usage.prompt_tokens, 0)
        with pytest.raises(openai.NotFoundError):
            client.embeddings.create(model="text-embedding-9", input="x")
        with pytest.raises(openai.BadRequestError, match="384 dimensions"):
            client.embeddings.create(model="auto", input="x", dimensions=10)


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
