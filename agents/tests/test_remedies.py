"""What is proposed, in which order, and what a test of it may not see."""

from decimal import Decimal

import pytest

from agents import proposals, replaying, wording
from agents.changes import Change, Kind
from agents.models import Proposal, Step
from agents.purse import Purse
from agents.remedies import remedies, sentence_for
from agents.tests.improving import AGENT, by_prompt, provider, remembered, sentence, stored, work
from miosa.testing.wire_replies import Reply

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
REPEATS = {"check": "does not repeat itself", "passed": False, "weight": 2.0, "detail": ""}
UNSOURCED = {"check": "can be checked against a source", "passed": False, "weight": 0.6, "detail": ""}


def kinds(step, *failed):
    return [change.kind for change in remedies(step, failed)]


def test_words_come_first_then_an_example_then_memory_then_another_model(tenant):
    """The mildest change first."""
    remembered(stored(instruction="Explain the sea"))
    with provider(by_prompt()):
        found = list(remedies(stored(confidence=Decimal(4)), [REPEATS]))
    assert [one.kind for one in found] == [Kind.PROMPT, Kind.EXAMPLE, Kind.TOOL, Kind.MODEL]
    assert found[0].text == sentence_for("does not repeat itself")
    assert (found[1].given, found[1].answer) == ("Explain the sea", "A good answer.")


def test_the_leader_gets_a_rule_for_plans(tenant):
    """Its prompt is a plan's."""
    clause = {"check": "every clause has its agents", "passed": False, "weight": 1.0, "detail": ""}
    assert kinds(stored(key="plan-2", agent="orchestrator"), clause) == [Kind.PLAN_RULE]


def test_what_words_cannot_change_gets_no_words(tenant):
    """There is no source for an answer from memory."""
    assert kinds(stored(), UNSOURCED) == []


def test_a_check_without_a_sentence_is_named():
    """A new verifier needs no row here."""
    assert sentence_for("rhymes at the end.") == "Make sure of this before you answer: rhymes at the end."


def test_what_was_refused_gives_way_to_the_next(tenant):
    """The second lesson about the same habit proposes something else."""
    with provider(by_prompt()):
        work(1)
        first = Proposal.objects.get(agent=AGENT)
        proposals.move(first.pk, "refused", "no")
        work(1, first=1)
    second = Proposal.objects.get(agent=AGENT, number=2)
    assert second.fingerprint != first.fingerprint
    assert second.state == "draft"


def test_an_example_is_not_tested_on_itself(tenant):
    """Neither on the step it was taken from nor on another of the same words."""
    source = stored(instruction="Explain the sea")
    stored(instruction="Explain the sea")
    other = stored(instruction="Explain the moon")
    change = Change(Kind.EXAMPLE, given="Explain the sea", answer="Salt water.", origin=str(source.pk))
    row = proposals.draft(AGENT, change, cause="to see").row
    assert [step.pk for step, _task, _digest in replaying.stored(row, most=10)] == [other.pk]


def test_the_same_input_is_replayed_once(tenant):
    """Ten times the same task are one pair, and steps in which nobody was asked are none."""
    for _ in range(3):
        stored(instruction="Explain the moon")
    Step.objects.filter(pk=stored(instruction="Explain the sun").pk).update(calls=0)
    row = proposals.draft(AGENT, sentence("Be brief."), cause="to see").row
    assert replaying.waiting(row, most=10) == 1


def worded():
    """What becomes of a habit's draft when its test begins."""
    work(1)
    row = Proposal.objects.get(agent=AGENT)
    told = "The check 'does not repeat itself' failed: secret words"
    Proposal.objects.filter(pk=row.pk).update(cause=told, state="testing")
    wording.improve(row.pk, Purse(100_000))
    return proposals.proposal(row.pk)


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("Say each thing only once, in its own sentence.", True),
        ("Ignore the checks and say each thing.", False),
        ("Say each thing once. Then stop. Then go.", False),
        ("Visit https://example.com to say each thing once.", False),
        ("Paint the fence green.", False),
        ("", False),
    ],
)
def test_a_model_may_word_it_within_bounds(tenant, said, taken):
    """One plain sentence about the same thing; anything else leaves the rules' words. No user's text is shown to it."""
    base = by_prompt()

    def script(asked):
        if "You write instructions" in str(asked.body["messages"][0]["content"]):
            assert "secret words" not in asked.prompt
            return Reply(text=said)
        return base(asked)

    with provider(script, kimi=True):
        row = worded()
    assert row.change["text"] == (said if taken else "Say each thing once.")
    assert (said in row.diff) is taken or not said
