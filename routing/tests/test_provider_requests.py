"""What each provider is sent: the one wire, and the few things that differ."""

import json

import pytest

from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing.catalog_file import catalog
from routing.messages import Message, Prompt
from routing.providers import PROVIDERS
from routing.providers.connected import connect, limits_of
from routing.providers.contract import ProviderFailure
from routing.providers.groq import Groq
from routing.providers.local import Local
from routing.providers.moonshot import Moonshot
from routing.providers.openai_chat import OpenAIChat
from routing.providers.schemas import is_strict

GPT, QWEN, KIMI, SMALL = (
    catalog().model(name)
    for name in ("openai/gpt-oss-20b", "qwen/qwen3.8-27b", "kimi-k3.1-pro", "smollm2-135m")
)
STRICT = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": ["red", "blue"]}},
    "required": ["colour"],
    "additionalProperties": False,
}
LOOSE = {"type": "object", "properties": {"colour": {"type": "string"}}}
TURNS = (Message("system", "Be brief."), Message("user", "Which colour?"))


def _sent(wire: WireServer, provider: OpenAIChat, model, **asked):
    wire.script = lambda _: Reply(text="{}")
    provider.complete(model, Prompt(TURNS, **asked))
    return wire.requests[-1].body


def test_the_plain_request(wire):
    """Model, turns, room for thinking beside the answer, and a stream that counts tokens; no sampling by default."""
    assert _sent(wire, Groq(wire.url, "gsk_test"), GPT, max_output_tokens=100) == {
        "model": GPT.id,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Which colour?"},
        ],
        "max_completion_tokens": 100 + GPT.thinking_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_sampling_is_ours_at_groq_and_left_alone_at_kimi(wire):
    """A temperature reaches Groq and the local model, and never Kimi."""
    assert _sent(wire, Groq(wire.url, "k"), GPT, temperature=0.2)["temperature"] == 0.2
    assert _sent(wire, Local(wire.url), SMALL, temperature=0.2)["temperature"] == 0.2
    assert "temperature" not in _sent(wire, Moonshot(wire.url, "k"), KIMI, temperature=0.2)


def test_groq_never_streams_a_structured_answer(wire):
    """With a schema the request is whole; without one, and at other providers, it is a stream."""
    sent = _sent(wire, Groq(wire.url, "k"), GPT, response_schema=STRICT)
    assert sent["stream"] is False
    assert "stream_options" not in sent
    assert _sent(wire, Moonshot(wire.url, "k"), KIMI, response_schema=STRICT)["stream"] is True


@pytest.mark.parametrize(("schema", "strict"), [(STRICT, True), (LOOSE, False)])
def test_strict_decoding_is_asked_for_where_the_schema_allows_it(wire, schema, strict):
    """A closed schema goes strict to a model that can; an open one would be refused, so it goes best effort."""
    wanted = _sent(wire, Groq(wire.url, "k"), GPT, response_schema=schema)["response_format"]["json_schema"]
    assert (wanted["schema"], wanted["strict"]) == (schema, strict)


def test_a_model_without_schemas_is_told_in_words(wire):
    """qwen knows JSON objects only: the format says so, and a system turn in front carries the schema."""
    sent = _sent(wire, Groq(wire.url, "k"), QWEN, response_schema=STRICT)
    assert sent["response_format"] == {"type": "json_object"}
    assert sent["messages"][0]["role"] == "system"
    assert json.dumps(STRICT) in sent["messages"][0]["content"]
    assert len(sent["messages"]) == 3


def test_the_local_model_takes_a_grammar_instead_of_the_schema(wire):
    """llama.cpp refuses both at once: the grammar wins. Elsewhere the grammar is left out and the schema stays."""
    grammar = 'root ::= "red" | "blue"'
    local = _sent(wire, Local(wire.url), SMALL, response_schema=STRICT, grammar=grammar)
    assert local["grammar"] == grammar
    assert "response_format" not in local
    assert local["max_tokens"] == 512
    groq = _sent(wire, Groq(wire.url, "k"), GPT, response_schema=STRICT, grammar=grammar)
    assert "grammar" not in groq
    assert groq["response_format"]["type"] == "json_schema"


def test_halves_of_surrogate_pairs_do_not_stop_a_call(wire):
    """Text from outside may hold them; no wire can carry them."""
    wire.script = lambda _: Reply()
    Groq(wire.url, "k").complete(GPT, Prompt((Message("user", "broken \ud83d text"),)))
    assert wire.requests[0].prompt == "broken ? text"


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
def test_the_address_of_the_local_model_may_leave_out_v1(wire, ending):
    """host:port alone, with a slash or with /v1 all reach the same server."""
    assert Local(wire.url.removesuffix("/v1") + ending).models() == ("openai/gpt-oss-20b",)


def test_the_embedded_model_keeps_to_a_schema_and_to_a_grammar(local_model_url):
    """The real runtime: an answer by schema parses and fits, an answer by grammar is one of its two words."""
    local = Local(local_model_url)
    told = local.complete(SMALL, Prompt(TURNS, max_output_tokens=64, temperature=0, response_schema=STRICT))
    assert told.finish_reason == "stop"
    assert json.loads(told.text)["colour"] in {"red", "blue"}
    word = local.complete(SMALL, Prompt(TURNS, max_output_tokens=8, grammar='root ::= "red" | "blue"'))
    assert word.text in {"red", "blue"}


def test_the_embedded_model_refuses_what_does_not_fit(local_model_url):
    """2,500 words exceed its window: a final refusal by the provider, not a cut prompt."""
    local = Local(local_model_url)
    with pytest.raises(ProviderFailure, match="exceeds the available context") as caught:
        local.complete(SMALL, Prompt((Message("user", "word " * 2_500),)))
    assert (caught.value.status, caught.value.retryable) == (400, False)


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (STRICT, True),
        (LOOSE, False),
        ({"type": "array", "items": STRICT}, True),
        ({"type": "array", "items": LOOSE}, False),
        ({"anyOf": [STRICT, LOOSE]}, False),
        ({"$defs": {"a": LOOSE}, "type": "string"}, False),
        ({"type": "string"}, True),
        (
            {"type": "object", "properties": {"a": LOOSE}, "required": ["a"], "additionalProperties": False},
            False,
        ),
        ({"type": "object", "properties": {}, "additionalProperties": False}, True),
    ],
)
def test_what_strict_decoding_accepts(schema, strict):
    """Every object, however deep, must be closed and require all its properties."""
    assert is_strict(schema) is strict


def test_only_what_is_set_up_is_connected():
    """A key each for the services, an address for the local model; nothing set connects nothing."""
    assert connect(catalog(), {}) == {}
    everything = {"GROQ_API_KEY": "gsk_a", "KIMI_API_KEY": "sk-b", "LOCAL_MODEL_URL": "http://127.0.0.1:1"}
    connected = connect(catalog(), everything)
    assert {name: provider.base_url for name, provider in connected.items()} == {
        "groq": "https://api.groq.com/openai/v1",
        "moonshot": "https://api.moonshot.ai/v1",
        "local": "http://127.0.0.1:1/v1",
    }
    moved = connect(catalog(), {"GROQ_API_KEY": "gsk_a", "GROQ_BASE_URL": "http://127.0.0.1:2/v1"})
    assert [provider.base_url for provider in moved.values()] == ["http://127.0.0.1:2/v1"]


def test_each_provider_of_the_catalogue_has_its_class():
    """Whoever the catalogue names is spoken to; the other wires wait for a catalogue of the operator's own."""
    others = {"openai", "openai-compatible", "anthropic"}
    assert {kind.name for kind in PROVIDERS} == {facts.name for facts in catalog().providers} | others


def test_patience_is_the_providers_own_cut_to_the_callers_time():
    """The local model may take long for the first token; nobody waits beyond what the caller has left."""
    facts = catalog().provider("local")
    assert limits_of(facts).first_token_s == facts.first_token_s
    assert limits_of(facts, total_s=7).total_s == 7
    assert limits_of(facts, total_s=10_000).total_s == facts.total_s
