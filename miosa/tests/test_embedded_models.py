"""The local models answer on the OpenAI wire: small, real, and honest about what they refuse."""

import base64
import http.client
import json
import struct
from collections.abc import Iterator

import httpx
import pytest

from miosa.embedded.embeddings import MAX_BODY_BYTES
from miosa.embedded.services import ensure
from miosa.environment import Environment
from miosa.tests.bare_machine import bare_machine


@pytest.fixture(scope="module")
def environment() -> Iterator[Environment]:
    """A machine that runs both models."""
    with bare_machine() as machine:
        yield ensure(machine.environment(), need={"language_model", "embeddings"})


@pytest.fixture
def embeddings(environment: Environment) -> Iterator[httpx.Client]:
    """A client of the embeddings server."""
    with httpx.Client(base_url=environment.embeddings_url, timeout=30) as client:
        yield client


def test_the_language_model_completes(environment):
    """A chat completion comes back with text, the alias and its token counts."""
    answer = httpx.post(
        f"{environment.local_model_url}/chat/completions",
        json={
            "model": "smollm2-135m",
            "messages": [{"role": "user", "content": "Say hello."}],
            "max_tokens": 8,
        },
        timeout=60,
    ).json()
    assert answer["model"] == "smollm2-135m"
    assert answer["choices"][0]["message"]["content"].strip()
    assert 0 < answer["usage"]["completion_tokens"] <= 8


def test_the_language_model_keeps_to_a_grammar(environment):
    """With a GBNF of two words the answer is one of them."""
    answer = httpx.post(
        f"{environment.local_model_url}/chat/completions",
        json={
            "messages": [{"role": "user", "content": "Is the sky blue?"}],
            "grammar": 'root ::= "yes" | "no"',
            "max_tokens": 8,
        },
        timeout=60,
    ).json()
    assert answer["choices"][0]["message"]["content"] in {"yes", "no"}


def test_the_language_model_streams(environment):
    """With `stream` the answer comes in pieces and ends with [DONE]."""
    request = {"messages": [{"role": "user", "content": "Count to three."}], "max_tokens": 8, "stream": True}
    url = f"{environment.local_model_url}/chat/completions"
    with httpx.stream("POST", url, json=request, timeout=60) as answer:
        lines = [line.removeprefix("data: ") for line in answer.iter_lines() if line]
    assert lines[-1] == "[DONE]"
    assert len([json.loads(line) for line in lines[:-1]]) > 2


def test_embeddings_are_unit_vectors_that_know_meaning(embeddings):
    """A paraphrase lies closer than another subject; every vector has length one."""
    texts = ["How do I reset my password?", "I forgot my login secret", "The cake needs three eggs"]
    answer = embeddings.post("/embeddings", json={"model": "any", "input": texts}).json()
    first, paraphrase, other = [item["embedding"] for item in answer["data"]]
    assert [item["index"] for item in answer["data"]] == [0, 1, 2]
    assert len(first) == 384
    assert dot(first, first) == pytest.approx(1, abs=1e-5)
    assert dot(first, paraphrase) > dot(first, other) + 0.2


def test_usage_counts_the_tokens_read(embeddings):
    """Padding is not counted: two texts cost the sum of each alone."""
    alone = [
        embeddings.post("/embeddings", json={"input": text}).json()["usage"]["prompt_tokens"]
        for text in ("a cat", "a much longer text about cats")
    ]
    both = embeddings.post("/embeddings", json={"input": ["a cat", "a much longer text about cats"]}).json()[
        "usage"
    ]
    assert both == {"prompt_tokens": sum(alone), "total_tokens": sum(alone)}


def test_more_than_a_batch_keeps_its_order(embeddings):
    """70 texts are three batches, and each vector belongs to its text."""
    texts = [f"number {number}" for number in range(70)]
    vectors = [
        item["embedding"] for item in embeddings.post("/embeddings", json={"input": texts}).json()["data"]
    ]
    last = embeddings.post("/embeddings", json={"input": "number 69"}).json()["data"][0]["embedding"]
    assert len(vectors) == 70
    assert dot(vectors[69], last) > 0.97
    assert dot(vectors[0], last) < 0.97


def test_base64_holds_the_same_numbers(embeddings):
    """`encoding_format: base64`, which OpenAI's own client asks for, is the same vector in 32-bit floats."""
    plain = embeddings.post("/embeddings", json={"input": "a"}).json()["data"][0]["embedding"]
    coded = embeddings.post("/embeddings", json={"input": "a", "encoding_format": "base64"}).json()
    assert list(struct.unpack("<384f", base64.b64decode(coded["data"][0]["embedding"]))) == pytest.approx(
        plain
    )


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "a JSON object"),
        (b"{}", "`input` must be"),
        (b'{"input": []}', "none of them empty"),
        (b'{"input": ""}', "none of them empty"),
        (b'{"input": [1, 2]}', "a text or a list of texts"),
        (b'{"input": "\\ud800"}', "a text or a list of texts"),
        (json.dumps({"input": ["a"] * 2049}).encode(), "more than 2048"),
        (b'{"input": "a", "dimensions": 10}', "can only be 384"),
        (b'{"input": "a", "encoding_format": "hex"}', "`float` or `base64`"),
    ],
)
def test_a_bad_request_gets_openais_error_shape(embeddings, body, complaint):
    """400, a message that says what is wrong, and the connection stays usable."""
    answer = embeddings.post("/embeddings", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert complaint in answer.json()["error"]["message"]
    assert embeddings.post("/embeddings", json={"input": "a"}).status_code == 200


def test_a_body_without_length_or_too_large_is_refused(embeddings):
    """Nothing is read before its size is known."""

    def pieces() -> Iterator[bytes]:
        yield b'{"input": "a"}'

    assert embeddings.post("/embeddings", content=pieces()).status_code == 400
    large = http.client.HTTPConnection(embeddings.base_url.host, embeddings.base_url.port)
    large.putrequest("POST", "/v1/embeddings")
    large.putheader("Content-Length", str(MAX_BODY_BYTES + 1))
    large.endheaders()
    assert large.getresponse().status == 400
    large.close()


def test_an_unknown_route_is_404(embeddings):
    """Only /health, /v1/models and /v1/embeddings exist."""
    assert embeddings.get("/models").json()["data"][0]["id"] == "all-minilm-l6-v2"
    assert embeddings.get("/nothing").status_code == 404
    assert embeddings.post("/nothing", json={}).status_code == 404


def dot(one: list[float], other: list[float]) -> float:
    """Return the cosine of two unit vectors."""
    return sum(a * b for a, b in zip(one, other, strict=True))
