"""Small changes of a profile: what they make, what they refuse, and how they are shown."""

import pytest

from agents.changes import Change, Kind, UnfitChange, changed, diff, read
from agents.registry_kinds import ORCHESTRATOR, PROFILES

TALKS = PROFILES["communication"]


def test_a_sentence_changes_the_version():
    """Whoever asks with it is told apart from whoever does not."""
    after = changed(TALKS, Change(Kind.PROMPT, text="Say each thing once."))
    assert after.prompt.endswith("only what you know. Say each thing once.")
    assert after.prompt_version != TALKS.prompt_version
    assert (after.asks, after.kind) == (TALKS.asks, TALKS.kind)


def test_a_sentence_of_one_question_keeps_its_template():
    """Braces in it stand for themselves; the fields of the question are filled as before."""
    after = changed(TALKS, Change(Kind.PROMPT, text="Write {plain} words.", ask="summary"))
    assert after.asks["summary"].format(text="T", length="one line").endswith("Write {plain} words.")
    assert after.asks["answer"] == TALKS.asks["answer"]


@pytest.mark.parametrize(
    "change",
    [
        Change(Kind.EXAMPLE, given="Say hello", answer="Hello."),
        Change(Kind.TOOL, tool="recall"),
        Change(Kind.MODEL, model="some/model"),
    ],
)
def test_every_kind_makes_another_version(change):
    """An example, a tool and a model count as much as words."""
    after = changed(TALKS, change)
    assert after.prompt_version != TALKS.prompt_version
    assert read(change.as_json()) == change


def test_a_rule_for_plans_stands_in_the_question_for_a_plan():
    """The orchestrator is an agent like the others."""
    after = changed(ORCHESTRATOR, Change(Kind.PLAN_RULE, text="Leave no clause out."))
    assert after.asks["plan"].endswith("Leave no clause out.")


@pytest.mark.parametrize(
    ("stored", "why"),
    [
        ({"kind": "prompt"}, "needs text"),
        ({"kind": "weights", "text": "x"}, "kind of a change"),
        ({"kind": "prompt", "text": "x", "model": "m"}, "has no model"),
        ({"kind": "prompt", "text": "one\ntwo"}, "one line"),
        ({"kind": "prompt", "text": "x" * 301}, "at most 300"),
        ({"kind": "tool", "tool": "shell"}, "a tool is one of recall"),
        ({"kind": "prompt", "text": "x", "code": "y"}, "has no code"),
        ({"kind": "prompt", "text": 7}, "is a text"),
        ({"kind": "prompt", "text": "a\0b"}, "control characters"),
    ],
)
def test_what_is_no_small_change_is_refused(stored, why):
    """With the reason."""
    with pytest.raises(UnfitChange, match=why):
        read(stored)


def test_what_does_not_fit_is_refused():
    """A question that is not there, and what is said already."""
    with pytest.raises(UnfitChange, match="asks no question"):
        changed(TALKS, Change(Kind.PROMPT, text="x", ask="poem"))
    with pytest.raises(UnfitChange, match="says so already"):
        changed(TALKS, Change(Kind.PROMPT, text="You state only what you know."))


def test_the_diff_shows_the_change_and_its_surroundings():
    """As one reads it in a review."""
    after = changed(TALKS, Change(Kind.PROMPT, text="Say each thing once."))
    shown = diff(TALKS, after)
    assert f"--- communication {TALKS.prompt_version}" in shown
    assert "+prompt: Say each thing once." in shown
    assert "ask merge" not in shown
