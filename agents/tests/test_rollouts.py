"""A rollout: who asks with which profile, and how it ends by itself."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents import proposals, rollouts
from agents.models import Execution, Proposal
from agents.profiles_in_force import in_force, in_share
from agents.registry_kinds import PROFILES
from agents.tests.improving import (
    AGENT,
    BAD,
    GOOD,
    HARMS,
    HELPS,
    SUBJECTS,
    by_prompt,
    provider,
    sentence,
    steps,
    system_of,
    work,
)
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
OWN = PROFILES[AGENT]


def rolling(text=HELPS, *, share=0.25):
    row = proposals.draft(AGENT, sentence(text), cause="a habit").row
    row = rollouts.begin(row.pk, why="to see")
    Proposal.objects.filter(pk=row.pk).update(share=share)
    return proposals.proposal(row.pk)


def begun(count=1):
    """Executions as they begin now; none of them is stored."""
    found = [Execution(created=timezone.now()) for _ in range(count)]
    return found if count > 1 else found[0]


def test_a_share_of_executions_asks_with_it(tenant):
    """By the execution's id: alike at every step and try, and about as many as the share says."""
    row = rolling()
    found, force = begun(2000), in_force(AGENT)
    chosen = [one for one in found if force.of(one).prompt_version == row.new_version]
    assert chosen == [one for one in found if in_share(one.pk, row.pk, share=0.25)]
    assert 400 < len(chosen) < 600
    assert in_force("analysis").of(found[0]) == PROFILES["analysis"]


def test_what_had_begun_goes_on_as_it_did(tenant):
    """An execution that is older than the rollout belongs to neither arm."""
    row = rolling(share=1.0)
    older = Execution(created=row.rolled - timedelta(seconds=1))
    assert in_force(AGENT).of(older) == OWN
    assert in_force(AGENT).of(begun()).prompt_version == row.new_version
    steps(row.new_version, BAD, 3)
    Execution.objects.update(created=row.rolled - timedelta(seconds=1))
    assert rollouts.watch(row.pk).comparison["new"]["count"] == 0


def test_whether_an_execution_belongs_to_it_does_not_hang_on_how_it_goes(tenant):
    """Two steps of one, and a step that is tried again after an error, ask with the same version."""
    row = rolling(share=0.5)
    execution = begun()
    versions = {in_force(AGENT).of(execution).prompt_version for _ in range(5)}
    for state in Execution.State:
        execution.state, execution.error = state, "whatever"
        versions.add(in_force(AGENT).of(execution).prompt_version)
    assert len(versions) == 1
    assert row.state == "rolling"


def test_an_execution_counts_once(tenant):
    """Ten steps of one execution are one value, and one that goes on is none yet."""
    row = rolling()
    steps(row.new_version, GOOD, 4, each=10)
    steps(row.base_version, BAD, 4, each=10)
    watched = rollouts.watch(row.pk)
    assert (watched.comparison["new"]["count"], watched.comparison["old"]["count"]) == (4, 4)
    Execution.objects.update(finished=None, state="in_progress")
    assert rollouts.watch(row.pk).comparison["new"]["count"] == 0


def test_what_shows_no_difference_makes_room(tenant):
    """A rollout does not stay open for ever: another change of this agent may be tried after it."""
    row = rolling()
    steps(row.base_version, GOOD, 10)
    steps(row.new_version, GOOD, rollouts.MOST)
    ended = rollouts.watch(row.pk)
    assert (ended.state, ended.share) == ("reverted", 0)
    assert "no difference shown" in ended.reason


def test_each_step_records_what_it_asked_with(tenant):
    """The prompt that went over the wire is the one of the version in the step's row."""
    row = rolling(share=0.5)
    with provider(by_prompt()) as wire:
        done = work(12)
    versions = {step.prompt_version for step in done}
    assert versions == {OWN.prompt_version, row.new_version}
    for step, subject in zip(done, SUBJECTS, strict=False):
        said = [one for one in wire.chats() if system_of(one).startswith(OWN.prompt)]
        asked = [one for one in said if f"what a {subject} is" in one.prompt]
        says = {HELPS in system_of(one) for one in asked}
        assert says == {step.prompt_version == row.new_version}


def test_another_tenant_asks_as_before(tenant, other_tenant, in_tenant):
    """What one tenant's work proved is its own."""
    row = rolling(share=1.0)
    assert in_force(AGENT).of(begun()).prompt_version == row.new_version
    with in_tenant(other_tenant):
        assert in_force(AGENT).of(begun()) == OWN


def test_harm_is_taken_back_by_itself(tenant):
    """Steps with it fail a check that steps without it pass."""
    row = rolling(HARMS)
    steps(row.base_version, GOOD, 90)
    steps(row.new_version, BAD, 60)
    ended = rollouts.watch(row.pk)
    assert (ended.state, ended.share) == ("reverted", 0)
    assert ended.comparison["high"] < 0
    assert in_force(AGENT).of(begun()) == OWN
    entry = AuditEntry.objects.get(action="proposal.reverted")
    assert (entry.actor, entry.before["state"]) == ("system", "rolling")
    assert "it does worse" in entry.after["reason"]


def test_help_is_adopted_by_itself(tenant):
    """From then on most executions ask with it, a few as before, and the next change builds on it."""
    row = rolling()
    steps(row.base_version, BAD, 90)
    steps(row.new_version, GOOD, 60)
    assert rollouts.watch(row.pk).state == "adopted"
    asked = {in_force(AGENT).of(begun()).prompt_version for _ in range(60)}
    assert asked == {row.base_version, row.new_version}
    after = proposals.draft(AGENT, sentence("Be brief."), cause="more").row
    assert after.base_version == row.new_version
    assert HELPS in in_force(AGENT).profile.prompt


def test_too_little_is_waited_for(tenant):
    """A handful of steps decides nothing, whatever they show."""
    row = rolling()
    steps(row.base_version, BAD, 6)
    steps(row.new_version, GOOD, 6)
    watched = rollouts.watch(row.pk)
    assert watched.state == "rolling"
    assert watched.due is not None
    assert watched.comparison["new"]["count"] == 6


def test_one_rollout_at_a_time(tenant):
    """A second accepted one waits, and has to prove itself anew where the first was adopted."""
    first = rolling()
    second = proposals.draft(AGENT, sentence("Be brief."), cause="more").row
    proposals.move(second.pk, "testing", "")
    proposals.move(second.pk, "accepted", "")
    assert rollouts.begin(second.pk).state == "accepted"
    proposals.move(first.pk, "adopted", "", share=1.0)
    again = rollouts.watch(second.pk)
    assert again.state == "draft"
    assert "tested again" in again.reason


def test_a_new_prompt_of_the_product_rests_what_was_proven_on_the_old(tenant):
    """An adopted change whose base is no longer what the agent says is not made on something untested."""
    row = rolling()
    proposals.move(row.pk, "adopted", "", share=1.0)
    Proposal.objects.filter(pk=row.pk).update(base_version="0" * 12)
    assert in_force(AGENT).profile == OWN


def test_a_rollout_on_another_base_ends(tenant):
    """Nobody asks with it any more, so it does not stay open."""
    row = rolling()
    Proposal.objects.filter(pk=row.pk).update(base_version="0" * 12)
    assert rollouts.watch(row.pk).state == "reverted"
