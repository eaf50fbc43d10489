"""What was adopted is watched on: with some held out, over stretches of time, until it is taken back or kept."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from agents import arms, proposals, rollouts, verdicts_of_people
from agents.models import Execution, Proposal
from agents.profiles_in_force import in_force, versions
from agents.registry_kinds import PROFILES
from agents.stretches import ALPHA, HELD_OUT, WATCHED
from agents.tests.improving import AGENT, BAD, GOOD, HELPS, by_prompt, provider, sentence, steps, work
from miosa.http.problem import Conflict
from miosa.tests.admin_rows import operator
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
OWN = PROFILES[AGENT]


def adopted(*, days_ago=0.0):
    """A change that did better in its rollout, some days ago."""
    row = rollouts.begin(proposals.draft(AGENT, sentence(HELPS), cause="a habit").row.pk, why="to see")
    steps(row.base_version, BAD, 90)
    steps(row.new_version, GOOD, 60)
    row = rollouts.watch(row.pk)
    assert row.state == "adopted"
    began = timezone.now() - timedelta(days=days_ago)
    Execution.objects.update(created=began - timedelta(hours=1))
    Proposal.objects.filter(pk=row.pk).update(ended=began)
    return proposals.proposal(row.pk)


def went(row, *, new, old=GOOD, count=400, days_ago=0.0):
    """So many executions on a day, a fifth of them held out."""
    before = set(Execution.objects.values_list("pk", flat=True))
    steps(row.new_version, new, count * 4 // 5)
    steps(row.base_version, old, count // 5)
    when = timezone.now() - timedelta(days=days_ago)
    Execution.objects.exclude(pk__in=before).update(created=when, finished=when)


def due(row):
    return row.due - timezone.now()


def test_a_few_are_held_out(tenant):
    """All new executions ask with it but a fifth, whole executions, and what the next change is made on is the new one."""
    row = adopted()
    assert (row.state, row.share, row.is_watched) == ("adopted", 1 - HELD_OUT, True)
    assert timedelta(0) < due(row) <= timedelta(minutes=15)
    found, force = [Execution(created=timezone.now()) for _ in range(2000)], in_force(AGENT)
    asked = [force.of(one) for one in found]
    held = [one for one in asked if one == OWN]
    assert 320 < len(held) < 480
    assert {one.prompt_version for one in asked} == {OWN.prompt_version, row.new_version}
    assert [force.of(one) for one in found] == asked
    assert (force.profile.prompt_version, versions()[AGENT]) == (row.new_version, row.new_version)
    assert proposals.draft(AGENT, sentence("Be brief."), cause="more").row.base_version == row.new_version


def test_who_is_held_out_asks_as_before_over_the_wire(tenant):
    """Real executions of both arms, each with the version in its row."""
    row = adopted()
    Proposal.objects.filter(pk=row.pk).update(share=0.5)
    with provider(by_prompt()):
        done = work(12)
    assert {one.prompt_version for one in done} == {OWN.prompt_version, row.new_version}


def test_what_turns_bad_is_taken_back_by_itself(tenant):
    """Good when it was adopted, then its checks fail: the log has who, when and the figures."""
    row = adopted(days_ago=3)
    went(row, new=BAD)
    ended = rollouts.watch(row.pk)
    assert (ended.state, ended.share, ended.due) == ("reverted", 0, None)
    assert "does worse since" in ended.reason
    assert in_force(AGENT).of(Execution(created=timezone.now())) == OWN
    entry = AuditEntry.objects.get(action="proposal.reverted")
    assert (entry.actor, entry.before["state"]) == ("system", "adopted")
    assert entry.after["reason"] == ended.reason
    assert row.fingerprint in proposals.tried(AGENT)


def test_harm_that_begins_late_does_not_drown_in_what_was_good(tenant):
    """As many bad ones as show nothing in all that went before, but do in the day in which it began."""
    row = adopted(days_ago=20.5)
    went(row, new=GOOD, old=BAD, count=2_000, days_ago=18)
    assert rollouts.watch(row.pk).state == "adopted"
    went(row, new=BAD, old=GOOD, count=600)
    ended = rollouts.watch(row.pk)
    whole, half, week, day = ended.watch
    assert ended.state == "reverted"
    assert whole["high"] > 0
    assert max(half["high"], week["high"], day["high"]) < 0


def test_what_stays_good_is_kept(tenant):
    """Watched to its end, then nobody is held out, and the log says so; when it was adopted stays."""
    row = adopted(days_ago=WATCHED.days - 1)
    went(row, new=GOOD)
    watched = rollouts.watch(row.pk)
    assert (watched.state, watched.share) == ("adopted", 1 - HELD_OUT)
    assert [one["days"] for one in watched.watch] == [28, 14, 7, 1]
    assert watched.watch[0]["new"]["count"] == 320
    assert watched.due is not None
    Proposal.objects.filter(pk=row.pk).update(ended=row.ended - timedelta(days=2))
    kept = rollouts.watch(row.pk)
    assert (kept.state, kept.share, kept.due) == ("adopted", 1, None)
    assert kept.ended == row.ended - timedelta(days=2)
    assert "no harm was shown in 28 days" in kept.reason
    assert AuditEntry.objects.get(action="proposal.kept").actor == "system"
    went(row, new=BAD)
    assert rollouts.watch(row.pk).reason == kept.reason


def test_what_is_the_same_for_both_is_no_harm(tenant):
    """Work that got harder for everybody: both arms fail it."""
    row = adopted(days_ago=2)
    went(row, new=GOOD, old=GOOD, days_ago=1)
    went(row, new=BAD, old=BAD)
    assert rollouts.watch(row.pk).state == "adopted"


def test_both_arms_are_cut_at_the_same_moment(tenant, monkeypatch):
    """Of more executions than a look reads, one arm does not go on where the other has ended."""
    row = adopted(days_ago=3)
    went(row, new=GOOD, old=GOOD, count=100, days_ago=2)
    went(row, new=BAD, old=BAD, count=100, days_ago=1)
    monkeypatch.setattr(arms, "MOST_SEEN", 100)
    found = arms.compared(row, since=row.ended, alpha=ALPHA)
    assert (found.new.count, found.old.count) == (80, 20)
    assert found.new.mean == pytest.approx(found.old.mean)
    assert arms.is_full(found)


def test_the_next_change_waits_until_the_watch_is_over(tenant):
    """One comparison of an agent at a time; a person who wants it sooner ends the watch."""
    row = adopted()
    after = proposals.draft(AGENT, sentence("Be brief."), cause="more").row
    with pytest.raises(Conflict, match="watched"):
        rollouts.begin(after.pk, why="a person")
    proposals.move(after.pk, "testing", "")
    proposals.move(after.pk, "accepted", "better")
    assert rollouts.begin(after.pk).state == "accepted"
    kept = verdicts_of_people.decide(row.pk, "approve", reason="it is fine")
    assert (kept.state, kept.share) == ("adopted", 1)
    assert "a person ends its watch: it is fine" in kept.reason
    with pytest.raises(Conflict):
        verdicts_of_people.decide(row.pk, "approve")
    assert rollouts.watch(after.pk).state == "rolling"


@pytest.mark.parametrize("watched", [True, False])
def test_a_person_takes_it_back_by_hand(tenant, watched):
    """While it is watched, and after."""
    row = adopted()
    if not watched:
        verdicts_of_people.decide(row.pk, "approve")
    taken = verdicts_of_people.decide(row.pk, "refuse", reason="not our tone")
    assert (taken.state, taken.share, taken.due) == ("reverted", 0, None)
    assert in_force(AGENT).of(Execution(created=timezone.now())) == OWN
    went(row, new=BAD)
    assert rollouts.watch(row.pk).reason == taken.reason


def test_what_rests_is_watched_no_more(tenant):
    """Another prompt came with a release: nobody asks with it, so it holds up nothing."""
    row = adopted()
    Proposal.objects.filter(pk=row.pk).update(base_version="0" * 12)
    kept = rollouts.watch(row.pk)
    assert (kept.state, kept.share) == ("adopted", 1)
    assert "it rests" in kept.reason


def test_it_is_looked_at_by_itself(tenant):
    """A watched one is rung for as any other; one whose watch is over is not."""
    row = adopted()
    Proposal.objects.filter(pk=row.pk).update(due=timezone.now() - timedelta(seconds=1))
    assert (tenant.pk, row.pk) in proposals.due()
    verdicts_of_people.decide(row.pk, "approve")
    assert proposals.proposal(row.pk).due is None


def test_the_watch_is_shown(tenant, api):
    """On the command line, over the API and in the admin."""
    row = adopted(days_ago=3)
    went(row, new=GOOD)
    out = io.StringIO()
    call_command("improve", AGENT, tenant=tenant.slug, stdout=out)
    for wanted in ("80% of new executions", "Watch", "as before", "at every moment"):
        assert wanted in out.getvalue(), wanted
    shown = api.get(f"/api/v1/proposals/{row.pk}").json()
    assert shown["watch"][0]["old"]["count"] == 80
    page = operator().get(reverse("admin:agents_proposal_change", args=[row.pk])).content.decode()
    for wanted in ("Since it was adopted", "End its watch", "Take it back"):
        assert wanted in page, wanted
