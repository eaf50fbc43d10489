"""Vectors of several models stand side by side; embedding anew may be stopped, and nothing is unfindable meanwhile."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django_tenants.utils import tenant_context

from agents import memory
from agents.memory import vectors
from agents.models import Memory, MemoryVector
from agents.tests.memories import DIMENSIONS, ODD, WIDE, answered, embeddings, model, note, why
from miosa.http.problem import Conflict
from miosa.testing.flows import providers
from routing.embeddings import MODEL
from routing.errors import EmbeddingsUnavailable

everywhere = pytest.mark.django_db(databases="__all__", transaction=True)


def command(*words):
    """Run `manage.py memory ...`; return what it says."""
    out = StringIO()
    call_command("memory", *words, stdout=out)
    return out.getvalue()


@everywhere
def test_it_is_embedded_anew_beside_the_former_model(tenant):
    """Both models' vectors are there, each with its dimensions, and each finds by its own."""
    with embeddings():
        for text in ("red apples", "green pears", "blue plums"):
            note(text)
        assert "3 of 3" in command("reembed", "--model", WIDE)
        assert vectors.counted() == {MODEL: 3, WIDE: 3}
        for name in (MODEL, WIDE):
            with model(name):
                [first, *_] = why("green pears")
                assert (first.memory.text, first.vector_rank) == ("green pears", 1)
                assert first.similarity == pytest.approx(1, abs=0.01)
    widths = dict(MemoryVector.objects.values_list("model", "dimensions"))
    assert widths == {name: DIMENSIONS[name] for name in (MODEL, WIDE)}


def test_a_model_without_an_index_is_searched_exactly(tenant):
    """A hundred dimensions have no index, and are found all the same."""
    with embeddings(), model(ODD):
        note("yellow bananas")
        [one] = why("bananas")
        assert one.similarity is not None
        assert MemoryVector.objects.get().dimensions == 100


def test_only_vectors_of_the_questions_model_are_compared(tenant):
    """A memory without a vector in the model in use is found by its words, and has no similarity."""
    with embeddings():
        note("orange carrots")
        with model(WIDE):
            [one] = why("carrots")
    assert (one.vector_rank, one.similarity, one.text_rank) == (None, None, 1)


@everywhere
def test_an_interruption_loses_nothing(tenant):
    """The server goes away in the middle: what was embedded stays, everything is findable, and it goes on from there."""
    asked = []

    def failing(body):
        asked.append(body["input"])
        return {"error": "away"} if body["model"] == WIDE and len(asked) > 12 else answered(body)

    with embeddings(failing):
        for number in range(10):
            note(f"fact {number}")
        with pytest.raises(CommandError, match="run this again"):
            command("reembed", "--model", WIDE, "--batch", "3")
        assert vectors.counted() == {MODEL: 10, WIDE: 6}
        with model(WIDE):
            assert len(why("fact")) == 10
    with embeddings() as wire:
        assert "4 memories were embedded" in command("reembed", "--model", WIDE, "--batch", "3")
        texts = [text for asked in wire.requests for text in asked.body["input"]]
        assert len(texts) == 4
    assert vectors.counted() == {MODEL: 10, WIDE: 10}


@everywhere
def test_a_memory_edited_meanwhile_is_embedded_anew(tenant):
    """Its words change while the server thinks: the vector of the former words is not stored."""
    edited = []

    def slow(body):
        if body["model"] == WIDE and not edited:
            edited.append(True)
            try:
                with tenant_context(tenant):
                    Memory.objects.update(text="new words")
            finally:
                connections.close_all()
        return answered(body)

    with embeddings(slow):
        note("former things")
        assert list(vectors.reembed(WIDE)) == [0, 1]
        with model(WIDE):
            [one] = why("new words")
    assert one.similarity == pytest.approx(1, abs=0.01)


@everywhere
def test_the_former_model_goes_where_the_new_one_is(tenant):
    """The model in use cannot be dropped; of a former one what has nothing else stays."""
    with embeddings():
        note("kept by both")
        with pytest.raises(Conflict):
            list(vectors.drop(MODEL))
        command("reembed", "--model", WIDE)
        note("known to the former alone")
        with model(WIDE):
            with pytest.raises(SystemExit):
                command("drop", MODEL)
            assert vectors.counted() == {MODEL: 1, WIDE: 1}
            command("reembed")
            assert "1 vectors" in command("drop", MODEL)
            assert vectors.counted() == {WIDE: 2}
            assert "2 by wide-768" in command("status", "--tenant", "acme")


@everywhere
def test_a_tenant_with_a_schema_of_its_own(tenant, silo):
    """Remembered, found, embedded anew and swept there."""
    with embeddings():
        note("violet aubergines")
        moved = silo(tenant)
        with tenant_context(moved):
            note("white leeks")
            command("reembed", "--model", WIDE, "--tenant", "acme")
            assert vectors.counted() == {MODEL: 2, WIDE: 2}
            with model(WIDE):
                assert why("violet aubergines")[0].memory.text == "violet aubergines"
            Memory.objects.update(expires="2026-01-01T00:00:00Z")
            assert memory.sweep() == 2
            assert not MemoryVector.objects.exists()


def test_a_server_with_another_model_is_refused(tenant, embeddings_url):
    """The embedded one has MiniLM alone: its vectors are not stored under another model's name."""
    with providers(embeddings=embeddings_url):
        note("grey mushrooms")
        with pytest.raises(EmbeddingsUnavailable, match="and not nomic-embed-text"):
            list(vectors.reembed("nomic-embed-text"))
    assert set(vectors.counted()) == {MODEL}
