"""What a person says to a proposal, over the API and in the admin; and what the command tells."""

import io

import pytest
from django.core.management import call_command
from django.urls import reverse
from django_tenants.utils import tenant_context

from agents import proposals, proving
from agents.models import Proposal
from agents.tests.improving import AGENT, HELPS, by_prompt, judging, provider, sentence, work
from miosa.testing.fixtures import client_of
from miosa.tests.admin_rows import operator
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def draft(tenant):
    return proposals.draft(AGENT, sentence(HELPS), cause="a habit").row


def said(api, row, **body):
    return api.post(f"/api/v1/proposals/{row.pk}/decisions", body, format="json")


def test_it_is_listed_and_shown(api, draft):
    """With its diff, its change and its trials."""
    listed = api.get("/api/v1/proposals", {"agent": AGENT, "state": "draft"}).json()["items"]
    assert [one["number"] for one in listed] == [1]
    shown = api.get(f"/api/v1/proposals/{draft.pk}").json()
    assert f"+prompt: {HELPS}" in shown["diff"]
    assert (shown["change"], shown["trials"]) == ({"kind": "prompt", "text": HELPS}, [])
    assert api.get("/api/v1/proposals", {"state": "odd"}).status_code == 400


def test_a_neighbour_sees_nothing(other_api, draft):
    """404, also for a decision."""
    assert other_api.get(f"/api/v1/proposals/{draft.pk}").status_code == 404
    assert said(other_api, draft, decision="approve").status_code == 404
    assert other_api.get("/api/v1/proposals").json()["items"] == []


def test_a_scope_is_needed_to_decide(tenant, draft):
    """Reading is for all members, deciding for administrators."""
    reader = client_of(tenant, scopes={"agents:read"})
    assert reader.get(f"/api/v1/proposals/{draft.pk}").status_code == 200
    assert said(reader, draft, decision="approve").status_code == 403


def test_a_person_approves_without_proof(api, draft):
    """It is rolled out to its share, watched as any other, and the log says that it was not proven and who did it."""
    answered = said(api, draft, decision="approve", reason="we know better").json()
    assert (answered["state"], answered["share"]) == ("rolling", 0.25)
    assert "has not proved better: we know better" in answered["reason"]
    entry = AuditEntry.objects.get(action="proposal.rolling")
    assert entry.actor.startswith("key:")
    assert said(api, draft, decision="approve").json()["state"] == "adopted"
    assert said(api, draft, decision="refuse", reason="no").json()["state"] == "reverted"
    assert said(api, draft, decision="refuse").status_code == 409


def test_a_person_refuses(api, draft):
    """It is not proposed again for this prompt."""
    assert said(api, draft, decision="refuse", reason="not our tone").json()["state"] == "refused"
    assert draft.fingerprint in proposals.tried(AGENT)


def test_a_person_has_it_tested(api, draft):
    """A worker is called; a proposal that has ended is not tested."""
    answered = said(api, draft, decision="test")
    assert (answered.status_code, answered.json()["state"]) == (200, "draft")
    draft.refresh_from_db()
    assert draft.due is not None
    said(api, draft, decision="refuse")
    assert said(api, draft, decision="test").status_code == 409


def test_a_person_edits(api, draft):
    """Another version takes its place, and has to prove itself."""
    change = {"kind": "prompt", "text": "Say everything once, and briefly."}
    made = said(api, draft, decision="edit", change=change).json()
    assert (made["number"], made["state"], made["change"]) == (2, "draft", change)
    draft.refresh_from_db()
    assert draft.state == "refused"
    assert "#2 takes its place" in draft.reason
    same = said(api, proposals.proposal(made["id"]), decision="edit", change=change)
    assert same.status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"decision": "edit"},
        {"decision": "edit", "change": {"kind": "prompt"}},
        {"decision": "edit", "change": {"kind": "prompt", "text": "x", "ask": "poem"}},
        {"decision": "approve", "change": {"kind": "prompt", "text": "x"}},
        {"decision": "praise"},
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(api, draft, body):
    """422, and nothing changes."""
    assert said(api, draft, **body).status_code == 422
    draft.refresh_from_db()
    assert (draft.state, Proposal.objects.count()) == ("draft", 1)


def test_staff_decide_in_the_admin(tenant, draft):
    """The page has the diff and the buttons; an edit leads to the new version."""
    client = operator()
    page = reverse("admin:agents_proposal_change", args=[draft.pk])
    text = client.get(page).content.decode()
    for wanted in (HELPS, "Approve", "Refuse", "Test it now", "Write as a new version"):
        assert wanted in text, wanted
    way = reverse("admin:agents_proposal_decision", args=[draft.pk])
    answered = client.post(way, {"answer": "edit", "text": "Say it once only.", "reason": "shorter"})
    assert answered.status_code == 302
    with tenant_context(tenant):
        made = Proposal.objects.get(number=2)
        assert answered["Location"].endswith(reverse("admin:agents_proposal_change", args=[made.pk]))
        assert made.change["text"] == "Say it once only."
        assert AuditEntry.objects.filter(action="proposal.refused", actor__startswith="staff:").exists()
    assert client.get(way).status_code == 405


def test_the_judge_is_blind_and_counts(tenant):
    """A stronger model compares each pair in the order it is shown, which is not told to it as old and new."""
    both = judging(by_prompt(), lambda first, second: "first" if " and a " not in first else "second")
    with provider(both, kimi=True) as wire:
        work(7)
        proving.prove(Proposal.objects.get(agent=AGENT).pk)
    trials = proving.pairs_of(Proposal.objects.get(agent=AGENT))
    assert {one.verdict for one in trials} == {"new"}
    assert all(one.judge and one.judge != one.old_model for one in trials)
    compared = [one for one in wire.chats() if "You compare two answers" in str(one.body["messages"][0])]
    assert len(compared) == 7
    assert not any(
        word in one.prompt for one in compared for word in ("proposed", "old answer", "new answer")
    )
    first_repeats = [
        " and a " in one.prompt.split("\nfirst ")[1].split("\nend of first ")[0] for one in compared
    ]
    assert first_repeats == [one.shown_old_first for one in trials]


def test_the_command_tells_the_whole_story(tenant):
    """Lessons, cause, diff, pairs, bound, decision and rollout."""
    out = io.StringIO()
    with provider(by_prompt()):
        work(7)
        call_command("improve", AGENT, tenant=tenant.slug, yes=True, stdout=out)
    told = out.getvalue()
    for wanted in (
        "does not repeat itself", f"+prompt: {HELPS}", "7 pairs", "lower bound", "is rolling", "25% of new executions",
    ):  # fmt: skip
        assert wanted in told, wanted


def test_the_command_has_nothing_to_tell_of_a_new_tenant(tenant):
    """No lesson, no proposal, no error."""
    out = io.StringIO()
    call_command("improve", "analysis", tenant=tenant.slug, stdout=out)
    assert "Nothing is proposed" in out.getvalue()
