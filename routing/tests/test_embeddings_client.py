"""The embeddings client: unit vectors in order, in batches, and one clear error when there are none."""

import math

import pytest

from miosa.testing.wire_server import WireServer
from routing.embeddings import BATCH, DIMENSIONS, Embeddings
from routing.errors import EmbeddingsUnavailable


def test_each_text_gets_its_unit_vector_in_order(wire):
    """Seventy texts, also empty and broken ones: as many vectors of length 1, the same text the same vector."""
    texts = [f"text {number}" for number in range(68)] + ["", "half \ud83d"]
    vectors = Embeddings(wire.url).embed(texts)
    assert len(vectors) == 70
    assert all(len(vector) == DIMENSIONS and math.hypot(*vector) == pytest.approx(1) for vector in vectors)
    assert vectors[40] == Embeddings(wire.url).embed(["text 40"])[0]


def test_texts_go_in_batches(wire):
    """Seventy texts are three requests of at most 32; none at all is no request."""
    client = Embeddings(wire.url)
    client.embed([str(number) for number in range(70)])
    assert [len(asked.body["input"]) for asked in wire.requests] == [BATCH, BATCH, 6]
    assert client.embed([]) == []
    assert len(wire.requests) == 3


def test_the_embedded_server_knows_what_is_alike(embeddings_url):
    """The real model: a paraphrase is nearer than a stranger, and an empty text does not stop the rest."""
    here, near, far, _ = Embeddings(embeddings_url).embed(
        [
            "How do I reset my password?",
            "I forgot my password, how can I change it?",
            "The volcano erupted.",
            "",
        ]
    )
    assert sum(map(float.__mul__, here, near)) > sum(map(float.__mul__, here, far)) + 0.3


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:9", "http://127.0.0.1:9/v1"])
def test_no_server_is_one_clear_error(url):
    """Nothing set, or nobody listening: 503, saying that embeddings are not available."""
    with pytest.raises(EmbeddingsUnavailable, match="embeddings are not available") as caught:
        Embeddings(url).embed(["text"])
    assert caught.value.status == 503


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"data": []}, "malformed"),
        ({"data": [{"embedding": [1.0, 0.0]}]}, "2 numbers a text came"),
        ({"data": [{"embedding": [0.0] * DIMENSIONS}]}, "no direction"),
        ({"data": [{"embedding": [float("nan")] * DIMENSIONS}]}, "no direction"),
        ({"data": [{"embedding": "abc"}]}, "malformed"),
        ({"nothing": 1}, "malformed"),
        ([1], "malformed"),
    ],
)
def test_nonsense_is_an_error_and_never_a_vector(answer, said):
    """A missing row, another size, a vector without direction: refused, for a wrong vector would poison memory."""
    with WireServer(embeddings=lambda _: answer) as server, pytest.raises(EmbeddingsUnavailable, match=said):
        Embeddings(server.url).embed(["text"])


def test_an_error_status_is_told(wire):
    """A path that is not there: the status is in the message."""
    with pytest.raises(EmbeddingsUnavailable, match="the server answered 404"):
        Embeddings(f"{wire.url}/elsewhere").embed(["text"])
