"""One proposal, several workers: whoever is overtaken writes nothing, nothing counts twice, and every cent is told."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F, Sum
from django.utils import timezone
from django_tenants.utils import tenant_context

from agents import improvement, look_owners, proposals, proving
from agents.looks import LEAST_PAIRS
from agents.models import Lesson, Memory, Proposal, ProposalTrial, Step
from agents.tests.improving import (
    AGENT,
    HELPS,
    SUBJECTS,
    by_prompt,
    provider,
    sentence,
    stored,
    system_of,
)
from billing.models import Budget, LedgerEntry, Reservation
from billing.subscriptions import current_budget
from miosa.http.problem import Conflict
from routing import policies
from routing.models import Judgement, Outcome
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def draft(count=LEAST_PAIRS):
    """A draft, and so many stored steps to test it on."""
    for subject in SUBJECTS[:count]:
        stored(f"Explain what a {subject} is.")
    return proposals.draft(AGENT, sentence(HELPS), cause="a habit", tested=True).row


def at_once(tenant, *tasks):
    """Do all of it at the same time, each on a connection of its own; return what each raised or gave back."""
    found, start = [], threading.Barrier(len(tasks))

    def one(task):
        with tenant_context(tenant):
            start.wait()
            try:
                found.append(task())
            except Conflict as refusal:
                found.append(refusal)
            finally:
                connection.close()

    threads = [threading.Thread(target=one, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def entries(action):
    return AuditEntry.objects.filter(action=f"proposal.{action}").count()


def test_two_workers_count_once(tenant):
    """Both are called to one draft: each input is one pair, there is one look and one decision."""
    with provider(by_prompt()):
        row = draft()
        at_once(tenant, *[lambda: proving.go_on(row.pk)] * 2)
        at_once(tenant, lambda: proving.go_on(row.pk))
    row.refresh_from_db()
    assert (row.state, row.looks, row.replays["pairs"]) == ("rolling", 1, LEAST_PAIRS)
    assert ProposalTrial.objects.values("input_digest").distinct().count() == LEAST_PAIRS
    assert (entries("accepted"), entries("rolling")) == (1, 1)
    assert not Reservation.objects.filter(reference__startswith="proposal:", state="held").exists()


def overtaking(tenant, row, *, after):
    """A provider in whose answer another worker takes the look over, once so many pairs are kept."""
    usual, done = by_prompt(), []

    def script(asked):
        with tenant_context(tenant):
            if not done and ProposalTrial.objects.count() == after:
                done.append(look_owners.take(row.pk))
            connection.close()
        return usual(asked)

    return script


def test_a_look_whose_worker_died_is_ended_by_another(tenant):
    """Three pairs are kept; the next worker makes the others, and asks for no pair twice."""
    with provider(by_prompt()) as wire:
        row = draft()
        wire.script = overtaking(tenant, row, after=3)
        tested = proving.prove(row.pk)
        assert (tested.look, ProposalTrial.objects.count()) == (None, 3)
        row.refresh_from_db()
        assert (row.state, row.attempt, row.looks) == ("testing", 2, 0)
        assert proposals.due() == []  # whoever has it shows a sign of life
        Proposal.objects.update(due=timezone.now() - timedelta(seconds=1))
        assert proposals.due() == [(tenant.pk, row.pk)]
        before = len(wire.chats())
        proving.go_on(row.pk)
        helped = [one for one in wire.chats()[before:] if HELPS in system_of(one)]
        assert len(helped) == LEAST_PAIRS - 3
    row.refresh_from_db()
    assert (row.state, row.looks, row.replays["pairs"], row.attempt) == ("rolling", 1, LEAST_PAIRS, 0)


def test_who_was_overtaken_decides_nothing(tenant):
    """All pairs are there, but the look is another's now."""
    with provider(by_prompt()) as wire:
        row = draft()
        wire.script = overtaking(tenant, row, after=5)
        assert proving.prove(row.pk).look is None
    row.refresh_from_db()
    assert (row.state, row.looks, ProposalTrial.objects.count()) == ("testing", 0, 5)
    assert not look_owners.alive(Proposal(pk=row.pk, fence=row.fence - 1))
    assert look_owners.alive(row)


def test_a_look_that_kills_its_workers_is_given_up(tenant):
    """It does not go on for ever, and says why."""
    row = draft()
    for _ in range(proving.MOST_ATTEMPTS):
        look_owners.take(row.pk)
    assert "5 workers died" in proving.prove(row.pk).why
    assert proposals.proposal(row.pk).state == "rejected"
    with pytest.raises(Conflict):
        look_owners.take(row.pk)


def test_a_provider_that_is_away_spends_no_look(tenant):
    """The pairs of the first look are not looked at again just because nobody answered."""
    row = draft(12)
    for number, step in enumerate(Step.objects.filter(agent=AGENT)[:LEAST_PAIRS]):
        ProposalTrial.objects.create(
            proposal=row, step=step, input_digest=f"{number:064d}", look=1, old_first=True, old_score=0.5, new_score=0.6,
            difference=0.1,
        )  # fmt: skip
    Proposal.objects.update(looks=1)
    assert proving.prove(row.pk).look is None
    row.refresh_from_db()
    assert (row.state, row.looks) == ("draft", 1)


def test_a_tenant_without_money_is_not_tested(tenant):
    """Nothing is asked, and the draft waits for another month or another plan."""
    with provider(by_prompt()) as wire:
        row = draft()
        current_budget()
        Budget.objects.update(spent_micros=F("cap_micros"))
        proving.prove(row.pk)
        assert wire.chats() == []
    row.refresh_from_db()
    assert row.state == "draft"
    assert row.due is not None


def test_a_replay_teaches_nothing_and_every_cent_is_told(tenant):
    """No outcome, no judge of samples, no memory; what the ledger has is what the proposal says."""
    policies.change(judge_share=1.0)
    with provider(by_prompt()):
        row = draft()
        before = (Outcome.objects.count(), Memory.objects.count(), Lesson.objects.count())
        proving.prove(row.pk)
    row.refresh_from_db()
    assert row.state == "rolling"
    assert Judgement.objects.count() == 0
    assert (Outcome.objects.count(), Memory.objects.count(), Lesson.objects.count()) == before
    ledger = LedgerEntry.objects.aggregate(cost=Sum("cost_micros"))["cost"]
    assert row.spent_micros == ledger == row.replays["cost_micros"] > 0
    mine = Reservation.objects.get(reference__startswith="proposal:")
    assert (mine.state, mine.actual_micros) == ("settled", row.spent_micros)
    assert mine.amount_micros == 100_000  # 10 cents


def test_a_step_that_no_model_can_take_is_passed_over(tenant):
    """Neither arm could have it: it is no pair, and the look goes on with the next one."""
    with provider(by_prompt()):
        row = draft(LEAST_PAIRS + 1)
        Step.objects.filter(instruction__contains=SUBJECTS[0]).update(
            instruction="Explain: " + "words " * 900_000
        )
        proving.prove(row.pk)
    row.refresh_from_db()
    assert (row.state, row.replays["pairs"]) == ("rolling", LEAST_PAIRS)


def test_parallel_messages_make_one_analysis(tenant):
    """However many workers are rung for a lesson at once: one cause, one proposal, one entry of the log."""
    failed = [{"check": "does not repeat itself", "passed": False, "weight": 2.0, "detail": ""}]
    lesson_id = improvement.queue(stored(evidence=failed))
    at_once(tenant, *[lambda: improvement.study(lesson_id)] * 5)
    assert Lesson.objects.get().state == "studied"
    assert (Proposal.objects.count(), entries("drafted")) == (1, 1)


def test_parallel_results_leave_one_lesson(tenant):
    """A step that is recorded by two at once is learned from once."""
    step = stored()
    found = at_once(tenant, *[lambda: improvement.queue(step)] * 4)
    assert len([one for one in found if one]) == Lesson.objects.count() == 1


def test_the_arm_that_is_shown_the_change_is_the_new_one(tenant):
    """Half of the pairs ran it first, or about that; the other arm never saw it."""
    with provider(by_prompt()) as wire:
        row = draft(12)
        proving.prove(row.pk)
        asked = [one for one in wire.chats() if "You compare two answers" not in system_of(one)]
    trials = proving.pairs_of(row)
    for one in trials:
        helped = [HELPS in system_of(chat) for chat in asked if one.step.instruction in chat.prompt]
        assert helped == sorted(helped, reverse=not one.old_first)
        assert set(helped) == {True, False}
    assert 0 < sum(one.old_first for one in trials) < 12
