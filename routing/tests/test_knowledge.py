"""What decisions were made from is kept once, and gives the same scoreboard and the same choices again."""

import pytest
from django.db import transaction

from miosa.testing.flows import providers
from routing import board, deciding, knowledge, policies
from routing.catalog import digest_of
from routing.knowledge import NotKept
from routing.known import version_of
from routing.models import Knowledge, KnownCatalog
from routing.requirement import MODES, TASK_KINDS, Requirement
from routing.scoreboard import Scoreboard
from routing.tests.stored import decision, outcome


@pytest.fixture
def acme(tenant):
    """A tenant that can decide."""
    with providers(groq="http://127.0.0.1:9/v1", kimi="http://127.0.0.1:9/v1"):
        yield tenant


def test_it_gives_back_what_was_kept(acme):
    """From the database comes the same knowledge, of the same version, and a board that chooses the same."""
    for number in range(7):
        outcome(Requirement("chat", topic="algebra" if number % 2 else ""), success=number % 3 > 0)
    policies.change(most_explored=0.03)
    board.forget()
    known = board.current().known
    knowledge.keep(known)
    again = knowledge.recalled(known.version)
    assert again == known
    assert again.version == known.version
    before, after = board.current(), Scoreboard.of(again)
    for kind in TASK_KINDS:
        for mode in MODES:
            need = Requirement(kind, mode)
            assert before.entry(need).best == after.entry(need).best
            assert before.entry(need).drawn == after.entry(need).drawn


def test_a_stored_decision_names_what_was_kept_for_it(acme):
    """Any decision's choice is made again from its row and from what its version names."""
    for success in (True, False, True):
        outcome(success=success)
        board.forget()
        row = decision()
        again = Scoreboard.of(knowledge.recalled(row.scoreboard_version))
        choice = again.again(Requirement.from_json(row.requirement), row.draw)
        assert (choice.model, list(choice.order), choice.propensity, choice.why) == (
            row.model, row.order, row.propensity, row.why,
        )  # fmt: skip
        assert choice.as_json()["ranked"] == row.ranked


def test_one_version_is_kept_once(acme):
    """Many decisions on the same knowledge: one row of it, and one of the catalogue."""
    versions = {decision().scoreboard_version for _ in range(5)}
    for version in versions:
        assert Knowledge.objects.filter(version=version).count() == 1
    assert KnownCatalog.objects.count() == 1
    outcome()
    board.forget()
    decision()
    assert Knowledge.objects.count() > len(versions)
    assert KnownCatalog.objects.count() == 1


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_what_was_rolled_back_is_kept_by_the_next_one(acme):
    """A process does not take for kept what its transaction lost."""
    known = board.current().known
    with transaction.atomic():
        knowledge.keep(known)
        transaction.set_rollback(True)
    assert not Knowledge.objects.exists()
    knowledge.keep(known)
    assert knowledge.recalled(known.version) == known
    knowledge.keep(known)
    assert Knowledge.objects.count() == 1


def test_what_is_not_kept_is_said(acme):
    """An unknown version, and a catalogue that is gone, are named."""
    with pytest.raises(NotKept, match="no-such-version"):
        knowledge.recalled("no-such-version")
    row = decision()
    KnownCatalog.objects.all()._raw_delete("default")
    with pytest.raises(NotKept, match="catalogue"):
        knowledge.recalled(row.scoreboard_version)


def test_each_tenant_keeps_its_own(acme, other_tenant, in_tenant):
    """The neighbour cannot recall it, and keeps the same version for itself."""
    row = decision()
    with in_tenant(other_tenant):
        with pytest.raises(NotKept):
            knowledge.recalled(row.scoreboard_version)
        theirs = deciding.decided(Requirement("chat")).known
        knowledge.keep(theirs)
        assert knowledge.recalled(theirs.version) == theirs
        assert Knowledge.objects.count() == 1


def test_what_an_older_release_kept_still_decides(acme):
    """Content and catalogue that lack a field of today keep the names they had then, and decide the same."""
    row = Knowledge.objects.get(version=decision(Requirement("chat")).scoreboard_version)
    catalog = KnownCatalog.objects.get(digest=row.catalog_digest)
    today = Scoreboard.of(knowledge.recalled(row.version))
    for model in catalog.content["models"]:
        del model["note"]
    catalog.digest = digest_of(catalog.content)
    catalog.save()
    del row.content["rules"]["pool_strength"]
    row.content["catalog"] = row.catalog_digest = catalog.digest
    row.version = version_of(row.content)
    row.save()
    known = knowledge.recalled(row.version)
    assert (known.version, known.catalog.digest) == (row.version, catalog.digest)
    then = Scoreboard.of(known)
    for kind in TASK_KINDS:
        for mode in MODES:
            need = Requirement(kind, mode)
            assert then.entry(need).best.ranked == today.entry(need).best.ranked


def test_what_was_written_over_is_said(acme):
    """Knowledge or a catalogue that is not what was kept under its name decides nothing."""
    row = Knowledge.objects.get(version=decision(Requirement("chat")).scoreboard_version)
    catalog = KnownCatalog.objects.get(digest=row.catalog_digest)
    catalog.content["models"][0]["quality"]["value"] = 9.9
    catalog.save()
    with pytest.raises(ValueError, match="catalogue"):
        knowledge.recalled(row.version)
    row.content["rules"]["bonus"] = 9.0
    row.save()
    with pytest.raises(ValueError, match="touched"):
        knowledge.recalled(row.version)
