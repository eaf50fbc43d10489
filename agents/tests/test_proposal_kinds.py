"""Each kind of change from its replay to its end: another model, a tool, a rule for plans; words are in `test_proving`."""

import pytest

from agents import proposals, proving, rollouts, submission
from agents.changes import Change, Kind
from agents.looks import LEAST_PAIRS
from agents.models import Execution, Proposal, Step
from agents.profiles_in_force import in_force
from agents.registry_kinds import ORCHESTRATOR, PROFILES
from agents.remedies import sentence_for
from agents.stretches import HELD_OUT
from agents.tests.improving import (
    AGENT,
    BAD,
    GOOD,
    SUBJECTS,
    USAGE,
    answer,
    by_prompt,
    plan,
    provider,
    remembered,
    steps,
    stored,
    subject_of,
    system_of,
    work,
)
from miosa.testing.flows import run
from miosa.testing.wire_replies import Reply
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
OTHER = "openai/gpt-oss-safeguard-20b"  # whom the router hardly ever asks by itself
RULE = sentence_for("every clause has its agents")


def told(asked, *, repeats):
    return plan(asked) or Reply(text=answer(subject_of(asked), repeats=repeats), usage=USAGE)


def proposed(change, agent=AGENT):
    return proposals.draft(agent, change, cause="to see").row


def proven(row):
    proving.prove(row.pk)
    return proposals.proposal(row.pk)


def lived(row, *, turned_bad=False):
    """Some real executions while half of them ask with it, then as many alike as it takes."""
    Proposal.objects.filter(pk=row.pk).update(share=0.5)
    done = work(8, first=11)
    with_it = [step for step in done if step.prompt_version == row.new_version]
    assert 0 < len(with_it) < len(done)
    old, new = (GOOD, BAD) if turned_bad else (BAD, GOOD)
    lasted = 0
    while rollouts.watch(row.pk).state == "rolling" and lasted < 60:
        steps(row.base_version, old, 5)
        steps(row.new_version, new, 5)
        lasted += 10
    return proposals.proposal(row.pk), with_it


def actions(row):
    rows = AuditEntry.objects.filter(object_id=str(row.pk)).order_by("number")
    return [one.removeprefix("proposal.") for one in rows.values_list("action", flat=True)]


def test_a_model_that_does_better_is_asked_first_and_wins(tenant):
    """Replay, bound, share, adoption; what each answer costs is told, and the wire got the models that the rows name."""
    with provider(lambda asked: told(asked, repeats=asked.model != OTHER)) as wire:
        work(7)
        row = proven(proposed(Change(Kind.MODEL, model=OTHER)))
        assert row.state == "rolling"
        pairs = proving.pairs_of(row)
        assert {one.new_model for one in pairs} == {OTHER}
        assert OTHER not in {one.old_model for one in pairs}  # the router chose those
        assert min(row.replays["new_cost_micros"], row.replays["old_cost_micros"]) > 0
        assert "a step costs $" in row.reason
        before = len(wire.chats(OTHER))
        ended, with_it = lived(row)
        assert len(wire.chats(OTHER)) - before >= len(with_it)
    assert (ended.state, ended.share) == ("adopted", 1 - HELD_OUT)
    assert {step.model for step in with_it} == {OTHER}
    assert actions(row) == ["drafted", "testing", "accepted", "rolling", "adopted"]


def test_a_model_that_turns_bad_is_taken_back_by_itself(tenant):
    """It was better when it was replayed; then its provider changed it. Nobody has to look."""
    bad = {"now": False}
    with provider(lambda asked: told(asked, repeats=(asked.model == OTHER) == bad["now"])):
        work(7)
        row = proven(proposed(Change(Kind.MODEL, model=OTHER)))
        assert row.state == "rolling"
        bad["now"] = True
        ended, _ = lived(row, turned_bad=True)
        assert (ended.state, ended.share) == ("reverted", 0)
        assert in_force(AGENT).profile == PROFILES[AGENT]
        assert work(1, first=9)[0].prompt_version == PROFILES[AGENT].prompt_version
    assert actions(row)[-1] == "reverted"
    assert row.fingerprint in proposals.tried(AGENT)


def test_a_model_that_does_worse_is_rejected(tenant):
    """It never reaches anybody's work."""
    with provider(lambda asked: told(asked, repeats=asked.model == OTHER)):
        work(LEAST_PAIRS)
        row = proven(proposed(Change(Kind.MODEL, model=OTHER)))
    assert (row.state, row.replays["worse"]) == ("rejected", LEAST_PAIRS)


def by_memory(asked):
    """Who is shown earlier work does as well as it was done there."""
    return told(asked, repeats="Earlier work" not in system_of(asked))


def test_a_tool_that_helps_is_used_and_wins(tenant):
    """Own earlier results are looked at before each question, in the replay and then live."""
    with provider(by_memory) as wire:
        for subject in ("beacon", "siren", "buoy"):
            remembered(stored(f"Explain what a {subject} is."))
        work(7)
        row = proven(proposed(Change(Kind.TOOL, tool="recall")))
        assert row.state == "rolling", row.reason
        assert "+looks up: recall" in row.diff
        ended, _ = lived(row)
        shown = [system_of(one) for one in wire.chats() if "Earlier work" in system_of(one)]
    assert ended.state == "adopted"
    assert all("<data " in one and "do not follow them" in one for one in shown)
    assert in_force(AGENT).profile.looks_up == ("recall",)


def test_a_tool_that_shows_nothing_is_rejected(tenant):
    """Without a memory both arms ask the same."""
    with provider(by_memory):
        work(LEAST_PAIRS)
        row = proven(proposed(Change(Kind.TOOL, tool="recall")))
    assert (row.state, row.replays["ties"]) == ("rejected", LEAST_PAIRS)


def planner(*, obeys):
    """Plans can be read only where the rule is (or, disobeying, is not) in the question for them."""
    usual = by_prompt(usually_repeats=False)

    def script(asked):
        if not system_of(asked).startswith(ORCHESTRATOR.prompt):
            return usual(asked)
        return plan(asked) if (RULE in asked.prompt) == obeys else Reply(text="I cannot.", usage=USAGE)

    return script


def planned(count):
    """Executions of which no word names who is needed, so rules have to guess."""
    for subject in SUBJECTS[:count]:
        run(submission.submit(f"Lighthouses beside a {subject}", requested_by="user:test"))


@pytest.mark.parametrize(("obeys", "state"), [(True, "rolling"), (False, "rejected")])
def test_a_rule_for_plans_is_tested_on_plans(tenant, obeys, state):
    """With it plans are usable, or are no more; what is replayed is a plan, and nothing of it is carried out."""
    with provider(planner(obeys=obeys), kimi=True):
        planned(LEAST_PAIRS)
        before = (Execution.objects.count(), Step.objects.count())
        row = proven(proposed(Change(Kind.PLAN_RULE, text=RULE), "orchestrator"))
        assert (Execution.objects.count(), Step.objects.count()) == before
        assert row.state == state, row.reason
        assert {one.step.key for one in proving.pairs_of(row)} == {"plan"}
        if state == "rolling":
            Proposal.objects.update(share=1.0)
            planned(2)
    newest = Step.objects.filter(key="plan").order_by("-created")[:2]
    asks = {row.new_version} if state == "rolling" else {ORCHESTRATOR.prompt_version}
    assert {one.prompt_version for one in newest} == asks
    if state == "rolling":
        assert {one.execution.plan_source for one in newest} == {"model"}
