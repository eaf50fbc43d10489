"""One suite, many servers: whatever the wire leaves optional, an answer is whole or it is an error."""

from dataclasses import dataclass
from typing import Any

import pytest

from miosa.testing.wire_replies import Reply
from routing.catalog import Model
from routing.catalog_file import catalog
from routing.messages import Message, Prompt
from routing.providers.contract import Limits, ProviderFailure
from routing.providers.openai_chat import OpenAIChat

LIMITS = Limits(first_token_s=20, idle_s=10, total_s=40)
SHORT = Limits(first_token_s=2, idle_s=0.5, total_s=5)
PROMPT = Prompt((Message("user", "Name three colours — in one line, please."),), max_output_tokens=24)
SAID = "Rouge, vert\u2028et bleu… 🎨"


@dataclass(frozen=True)
class Served:
    """One server under test: a provider for it, the model to ask, and whether it counts tokens."""

    provider: OpenAIChat
    model: Model
    counts: bool = True
    limits: Limits = LIMITS


class Bare(OpenAIChat):
    """The wire with nothing changed."""

    name = "bare"


RUDE = {
    "polite": Reply(text=SAID),
    "no usage": Reply(text=SAID, usage_at="nowhere"),
    "usage in x_groq": Reply(text=SAID, usage_at="x_groq"),
    "usage in the choice": Reply(text=SAID, usage_at="choice"),
    "usage that is nonsense": Reply(text=SAID, usage={"prompt_tokens": "many", "completion_tokens": -1}),
    "no DONE": Reply(text=SAID, done=False),
    "no DONE and never closes": Reply(text=SAID, done=False, stays_open=True, usage_at="choice"),
    "DONE and never closes": Reply(text=SAID, stays_open=True),
    "no role chunk": Reply(text=SAID, role_first=False),
    "CRLF": Reply(text=SAID, line_end="\r\n"),
    "no empty lines": Reply(text=SAID, empty_lines=False),
    "no space after the colon": Reply(text=SAID, space=False),
    "comments everywhere": Reply(text=SAID, comments=True),
    "one JSON although a stream was asked": Reply(text=SAID, whole_when_streamed=True),
    "a stream called JSON": Reply(text=SAID, headers={"Content-Type": "application/json"}),
    "one JSON called a stream": Reply(
        text=SAID, whole_when_streamed=True, headers={"Content-Type": "text/event-stream"}
    ),
    "thinks first": Reply(text=SAID, reasoning="The user wants colours."),
    "another model's name": Reply(text=SAID, model="somebody-else"),
    "one letter at a time": Reply(text=SAID, pieces=tuple(SAID)),
    "no content type": Reply(text=SAID, headers={"Content-Type": ""}),
}
UNCOUNTED = {"no usage", "usage that is nonsense"}


@pytest.fixture(params=[*(f"rude: {name}" for name in RUDE), "llmock", "embedded"])
def served(request: Any) -> Served:
    """Each server in turn."""
    kind, _, name = request.param.partition(": ")
    if kind == "rude":
        server = request.getfixturevalue("wire")
        server.script = lambda _: RUDE[name]
        return Served(
            Bare(server.url),
            catalog().model("openai/gpt-oss-20b"),
            counts=name not in UNCOUNTED,
            limits=SHORT,
        )
    if kind == "llmock":
        judge = request.getfixturevalue("llmock")
        return Served(Bare(judge.base_url("groq"), "gsk_test"), catalog().model("openai/gpt-oss-20b"))
    model = catalog().model("smollm2-135m")
    return Served(Bare(request.getfixturevalue("local_model_url")), model)


def test_a_whole_answer_comes_with_reason_and_usage(served):
    """Text, a finish reason, and tokens: counted where the server counts, estimated and marked where not."""
    answer = served.provider.complete(served.model, PROMPT, limits=served.limits)
    assert answer.text
    assert answer.finish_reason in {"stop", "length"}
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0
    assert answer.usage.estimated is not served.counts


def test_a_stream_ends_with_reason_and_usage(served):
    """The last piece has finish reason and usage, no other has; the pieces make up a text."""
    *pieces, last = served.provider.stream(served.model, PROMPT, limits=served.limits)
    assert "".join(piece.text for piece in pieces)
    assert last.finish_reason in {"stop", "length"}
    assert last.usage is not None
    assert last.text == ""


@pytest.mark.parametrize("name", RUDE)
def test_not_a_letter_is_lost_on_the_rude_servers(wire, name):
    """The text is exactly what was said, in one call and in pieces, and thinking is kept apart from it."""
    wire.script = lambda _: RUDE[name]
    provider, model = Bare(wire.url), catalog().model("openai/gpt-oss-20b")
    answer = provider.complete(model, PROMPT, limits=SHORT)
    assert (answer.text, answer.reasoning) == (SAID, RUDE[name].reasoning)
    assert "".join(piece.text for piece in provider.stream(model, PROMPT, limits=SHORT)) == SAID
    assert answer.model == ("somebody-else" if name == "another model's name" else model.id)


def test_first_token_and_latency_are_measured(wire):
    """The first token is not before the server's 0.1 s, the end not before 0.1 s more."""
    wire.script = lambda _: Reply(pieces=("a", "b"), first_token_s=0.1, gap_s=0.1)
    answer = Bare(wire.url).complete(catalog().model("openai/gpt-oss-20b"), PROMPT, limits=LIMITS)
    assert answer.first_token_ms is not None
    assert 100 <= answer.first_token_ms < answer.latency_ms
    assert answer.latency_ms >= 200


@pytest.mark.parametrize(
    ("usage", "cached"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 80}}, 80),
        ({"cached_tokens": 80}, 80),
        ({"prompt_tokens_details": None}, 0),
        ({"prompt_tokens_details": {"cached_tokens": "x"}}, 0),
        ({"cached_tokens": 500}, 100),
    ],
)
def test_cached_tokens_are_part_of_the_input(wire, usage, cached):
    """They are read from either place, never more than the input, and 0 where the server says nonsense."""
    wire.script = lambda _: Reply(usage={"prompt_tokens": 100, "completion_tokens": 5, **usage})
    answer = Bare(wire.url).complete(catalog().model("openai/gpt-oss-20b"), PROMPT)
    assert (answer.usage.input_tokens, answer.usage.cached_tokens) == (100, cached)


def test_the_models_a_server_lists(wire, llmock, local_model_url):
    """Each server lists what it serves; a path that lists nothing is a failure, not an empty list."""
    assert Bare(wire.url).models() == ("openai/gpt-oss-20b",)
    assert Bare(llmock.base_url("groq"), "gsk_test").models()
    assert Bare(local_model_url).models() == ("smollm2-135m",)
    for url in (f"{wire.url}/nowhere", "http://127.0.0.1:9/v1"):
        with pytest.raises(ProviderFailure):
            Bare(url).models()
