"""The whole loop: a result below the threshold, a cause, a proposal, a replay, a decision."""

import pytest
from django.utils import timezone
from django_tenants.utils import tenant_context

from agents import insight, proposals, proving
from agents.looks import LEAST_PAIRS
from agents.models import Lesson, Proposal, ProposalTrial, Step
from agents.profiles_in_force import in_force
from agents.registry_kinds import PROFILES
from agents.tests.improving import (
    AGENT,
    HARMS,
    HELPS,
    NOTHING,
    by_prompt,
    provider,
    sentence,
    system_of,
    work,
)
from billing.models import Reservation
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
OWN = PROFILES[AGENT].prompt_version


def actions():
    return list(
        AuditEntry.objects.filter(object_type="proposal", after__agent=AGENT)
        .order_by("number")
        .values_list("action", flat=True)
    )


def test_a_habit_leads_to_a_proposal_that_proves_itself(tenant):
    """Answers repeat themselves; the sentence that forbids it is found, replayed, accepted and rolled out."""
    with provider(by_prompt()):
        steps = work(7)
        lesson = Lesson.objects.filter(agent=AGENT).order_by("created").last()
        assert "does not repeat itself" in lesson.cause
        row = Proposal.objects.get(agent=AGENT)
        assert (row.state, row.kind, row.base_version) == ("draft", "prompt", OWN)
        assert f"+prompt: {HELPS}" in row.diff
        assert Lesson.objects.filter(agent=AGENT).count() == 7
        tested = proving.prove(row.pk)
    row.refresh_from_db()
    assert tested.look.says == "accept"
    assert (row.state, row.looks, row.share) == ("rolling", 1, 0.25)
    assert (row.bound or 0) > 0
    assert row.replays["better"] == 7
    trials = proving.pairs_of(row)
    assert {one.step.pk for one in trials} == {step.pk for step in steps}
    assert all(one.new_score > one.old_score for one in trials)
    assert actions() == ["proposal.drafted", "proposal.testing", "proposal.accepted", "proposal.rolling"]


def test_a_replay_touches_nothing(tenant):
    """No step, memory or lesson more; what it set aside is settled."""
    with provider(by_prompt()):
        work(LEAST_PAIRS)
        before = (Step.objects.count(), Lesson.objects.count())
        proving.prove(Proposal.objects.get(agent=AGENT).pk)
    assert (Step.objects.count(), Lesson.objects.count()) == before
    mine = Reservation.objects.get(reference__startswith="proposal:")
    assert mine.state == "settled"


def test_a_change_for_the_worse_is_rejected(tenant):
    """And is not proposed again for the same prompt."""
    with provider(by_prompt(usually_repeats=False)):
        work(LEAST_PAIRS)
        row = proposals.draft(AGENT, sentence(HARMS), cause="to see").row
        proving.prove(row.pk)
    row.refresh_from_db()
    assert row.state == "rejected"
    assert (row.bound or 0) < 0
    assert row.replays["worse"] == LEAST_PAIRS
    assert in_force(AGENT).profile == PROFILES[AGENT]
    assert row.fingerprint in proposals.tried(AGENT)


def test_a_change_that_changes_nothing_is_rejected(tenant):
    """The same answers in both arms: every pair is a tie."""
    with provider(by_prompt()):
        work(LEAST_PAIRS)
        row = proposals.draft(AGENT, sentence(NOTHING), cause="to see").row
        proving.prove(row.pk)
    row.refresh_from_db()
    assert (row.state, row.replays["ties"]) == ("rejected", LEAST_PAIRS)


def test_too_little_work_is_waited_for(tenant):
    """A draft stays one, spends no look, and says why."""
    with provider(by_prompt()):
        work(3)
        row = Proposal.objects.get(agent=AGENT)
        assert proving.prove(row.pk).look is None
        row.refresh_from_db()
        assert (row.state, row.looks) == ("draft", 0)
        assert "3 stored steps" in row.reason
        work(4, first=3)
        proving.prove(row.pk)
    row.refresh_from_db()
    assert (row.state, row.replays["pairs"]) == ("rolling", 7)


def test_the_same_pairs_are_not_looked_at_twice(tenant):
    """A look needs new pairs: until there are enough of them, no error is spent."""
    with provider(by_prompt()):
        work(LEAST_PAIRS)
        row = Proposal.objects.get(agent=AGENT)
        Proposal.objects.filter(pk=row.pk).update(looks=1)
        ProposalTrial.objects.bulk_create(
            ProposalTrial(
                proposal=row, step=step, input_digest=f"{number:064d}", look=1, old_first=True, old_score=0.5,
                new_score=0.6, difference=0.1,
            )
            for number, step in enumerate(Step.objects.filter(agent=AGENT)[:3])
        )  # fmt: skip
        Step.objects.filter(pk__in=ProposalTrial.objects.values("step")).update(calls=0)
        assert proving.prove(row.pk).look is None
    row.refresh_from_db()
    assert (row.state, row.looks) == ("draft", 1)


def test_who_is_refused_while_it_is_tested_stays_refused(tenant):
    """A person decides while a pair is made: it is not kept, and nothing more is asked."""
    usual, decided = by_prompt(), []

    def script(asked):
        if HELPS in system_of(asked) and not decided:
            decided.append(proposals.move(proposal_id, "refused", "not our tone"))
        return usual(asked)

    with provider(usual) as wire:
        work(LEAST_PAIRS)
        proposal_id = Proposal.objects.get(agent=AGENT).pk
        wire.script = in_this_tenant(tenant, script)
        proving.prove(proposal_id)
        asked = len([one for one in wire.chats() if HELPS in system_of(one)])
    assert Proposal.objects.get(agent=AGENT).state == "refused"
    assert (ProposalTrial.objects.count(), asked) == (0, 1)


def in_this_tenant(tenant, script):
    """The provider's thread acts as somebody of this tenant."""

    def acting(asked):
        with tenant_context(tenant):
            return script(asked)

    return acting


def test_the_roster_shows_what_is_in_force(tenant):
    """The version that was adopted, not the one that shipped."""
    row = proposals.draft(AGENT, sentence(HELPS), cause="to see").row
    assert insight.agent(AGENT)["prompt_version"] == OWN
    proposals.move(row.pk, "rolling", "", rolled=timezone.now())
    proposals.move(row.pk, "adopted", "")
    assert insight.agent(AGENT)["prompt_version"] == row.new_version
    assert {one["kind"]: one for one in insight.roster()}[AGENT]["prompt_version"] == row.new_version


def test_a_provider_that_is_away_decides_nothing(tenant):
    """Pairs made so far stay; the draft is looked at again later."""
    with provider(by_prompt()):
        work(LEAST_PAIRS)
    row = Proposal.objects.get(agent=AGENT)
    proving.prove(row.pk)
    row.refresh_from_db()
    assert (row.state, row.looks, ProposalTrial.objects.count()) == ("draft", 0, 0)
    assert row.due is not None


def test_what_is_due_is_found(tenant):
    """A habit's draft is tested by itself; once somebody was called, not again at once."""
    with provider(by_prompt()):
        work(LEAST_PAIRS)
    row = Proposal.objects.get(agent=AGENT)
    assert (tenant.pk, row.pk) in proposals.due()
    assert proposals.due() == []
