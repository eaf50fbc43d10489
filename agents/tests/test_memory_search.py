"""A search goes by meaning and by words; age and importance count, and what is elsewhere or over is not found."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents import memory
from agents.memory import searching
from agents.models import Memory
from agents.tasks import sweep_memories
from agents.tests.memories import embeddings, found, note, why
from deployments import projects
from miosa.http.problem import Unprocessable
from miosa.testing.flows import providers


@pytest.fixture
def project(tenant):
    return projects.create(name="Shop", created_by="user:test")


@pytest.fixture
def wire(tenant):
    with embeddings() as wire:
        yield wire


@pytest.fixture(params=["exact", "indexed"])
def way(request, monkeypatch):
    """Both ways to the nearest: all of them looked at, and the index."""
    monkeypatch.setattr(searching, "EXACT_BELOW", 1 if request.param == "indexed" else 20_000)


def test_meaning_and_words_find_what_the_other_misses(tenant, embeddings_url, way):
    """By the real model: a code in the words alone, a paraphrase in the meaning alone, each first for its question."""
    with providers(embeddings=embeddings_url):
        note("Customers who pay late get a friendly letter after two weeks.")
        note("The printer on the second floor reports KX-7731 when its drum is worn out.")
        for number in range(60):
            note(f"Lunch menu of day {number}: soup, bread and a salad.")
        [code, *_] = why("KX-7731")
        assert "KX-7731" in code.memory.text
        assert code.text_rank == 1
        [late, *_] = why("reminding clients of unpaid invoices")
        assert "friendly letter" in late.memory.text
        assert (late.vector_rank, late.text_rank) == (1, None)


def test_a_rare_word_counts_more_than_common_ones(wire):
    """Everything holds the common words; what holds the rare one comes first."""
    for number in range(20):
        note(f"error code in the service {number} of the backend")
    note("zyx9")
    assert found("error code zyx9")[0] == "zyx9"


def test_each_score_is_told(wire):
    """Score = the ranks' sum times recency and weight, as documented."""
    note("blue whales sing", importance=1)
    [one] = why("whales")
    assert (one.vector_rank, one.text_rank) == (1, 1)
    assert one.weight == pytest.approx(1.2)
    assert one.recency == pytest.approx(1, abs=0.001)
    assert one.score == pytest.approx(2 / 61 * 1.2, rel=0.001)
    assert one.covered == pytest.approx(1)


def test_the_important_and_the_new_come_first(wire):
    """Of equal texts the more important, and of equally important ones the newer."""
    old, new, important = note("use tabs"), note("use tabs"), note("use tabs", importance=0.9)
    Memory.objects.filter(pk=old.pk).update(created=timezone.now() - timedelta(days=90))
    assert [one.memory.pk for one in why("use tabs")] == [important.pk, new.pk, old.pk]
    aged = why("use tabs")[-1]
    assert aged.recency == pytest.approx(0.8 + 0.2 / 8, abs=0.001)


def test_it_is_found_where_its_scope_reaches(wire, project, way):
    """A conversation's only there, a project's in the project, a tenant's everywhere."""
    other = projects.create(name="Other", created_by="user:test")
    note("tone: formal")
    note("tone: bold", project_id=project.pk)
    note("tone: shy", conversation="c1", project_id=project.pk)
    note("tone: wide", conversation="c1", scope="tenant")
    everywhere = {"tone: formal", "tone: wide"}
    places = {
        memory.Reach(): everywhere,
        memory.Reach(project.pk): everywhere | {"tone: bold"},
        memory.Reach(other.pk): everywhere,
        memory.Reach(None, "c1"): everywhere | {"tone: shy"},
        memory.Reach(None, "c2"): everywhere,
        memory.Reach(project.pk, "c1"): everywhere | {"tone: bold", "tone: shy"},
    }
    for reach, texts in places.items():
        assert set(found("tone", reach=reach)) == texts, reach


def test_a_scope_names_its_place(wire):
    """A memory of a project without one, and one of no conversation, are refused."""
    for scope in ("project", "conversation"):
        with pytest.raises(Unprocessable):
            note("nowhere", scope=scope)
    assert not Memory.objects.exists()


def test_many_narrow_ones_do_not_hide_what_is_seen(wire, monkeypatch):
    """The index finds first what lies in another conversation; the search goes on until it has seen enough."""
    monkeypatch.setattr(searching, "EXACT_BELOW", 1)
    for number in range(150):
        note(f"tone {number}", conversation="elsewhere")
    note("tone of ours", conversation="here")
    assert found("tone", reach=memory.Reach(None, "here")) == ["tone of ours"]


def test_what_has_expired_is_never_found_and_is_swept(wire):
    """Before the sweep it is hidden, after it gone, with its vector; what stays, stays."""
    stays = note("the code is 4711")
    note("the code is 4712", expires=timezone.now() + timedelta(hours=1))
    assert len(found("code")) == 2
    Memory.objects.exclude(pk=stays.pk).update(expires=timezone.now() - timedelta(hours=1))
    assert found("code") == ["the code is 4711"]
    assert [row.pk for row in memory.listed()] == [stays.pk]


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_the_sweep_takes_what_has_expired(tenant):
    """Of every tenant, as the platform."""
    note("stays")
    gone = note("goes", expires=timezone.now() + timedelta(hours=1))
    Memory.objects.filter(pk=gone.pk).update(expires=timezone.now() - timedelta(hours=1))
    sweep_memories()
    assert [row.text for row in Memory.objects.all()] == ["stays"]


def test_without_embeddings_words_find_it(tenant):
    """Nobody embeds: it is kept all the same, and found by what it says."""
    with providers():
        note("the lighthouse keeper lives here")
        [one] = why("lighthouse")
    assert (one.vector_rank, one.similarity, one.text_rank) == (None, None, 1)


def test_another_tenants_are_not_found(wire, other_tenant, in_tenant):
    """Neither by meaning nor by words."""
    note("our secret recipe")
    with in_tenant(other_tenant):
        assert found("our secret recipe") == []
