"""Without embeddings agents compare texts by their words, go on, and say so in the evidence."""

import pytest

from agents import submission
from agents.contract import Handover, ModelUnavailable, Task
from agents.crafts.asking import Asker
from agents.insight import events_after
from agents.roster import analysis, architect, communication, development, strategy
from agents.tests.bench import Bench, away
from agents.tests.test_by_meaning import PARTS, QUESTIONS, SUMMARIES
from agents.tests.test_communication import BEES, GOOD
from agents.tests.test_strategy import LAUNCH
from agents.text.bags import BY_WORDS
from agents.text.words import sentences
from agents.verifiers import prose
from agents.verifiers.structure import covers_all
from miosa.testing.flows import providers, run
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer


def nobody(texts):
    raise ModelUnavailable("embeddings are not available")


class Wordy(Bench):
    """A bench whose embeddings are away."""

    def embed(self, texts):
        return nobody(texts)


def details(result, check):
    return [one.detail for one in result.evidence if one.check == check]


@pytest.mark.parametrize(("text", "fair", "side"), SUMMARIES, ids=[one[2] for one in SUMMARIES])
def test_words_tell_a_summary_of_another_text(text, fair, side):
    """Not one of a side matter: that takes meaning."""
    source = sentences(text)
    others = [one[1] for one in SUMMARIES if one[0] != text]
    found = [prose.coverage(summary, source, embed=nobody) for summary in (fair, *others)]
    assert [one.passed for one in found] == [True, *[False] * len(others)]
    assert all(one.detail.endswith(BY_WORDS) for one in found)


def test_an_answer_shares_a_word_with_its_question():
    """Most do, hardly any with another's; what shares none weighs less than where meaning was compared."""
    right = [prose.relevant(answer, question, embed=nobody) for question, answer in QUESTIONS]
    wrong = [
        prose.relevant(answer, question, embed=nobody)
        for question, own in QUESTIONS
        for _, answer in QUESTIONS
        if answer != own
    ]
    assert (sum(one.passed for one in right), sum(one.passed for one in wrong)) == (4, 0)
    assert all(BY_WORDS in one.detail and one.weight < 1 for one in (*right, *wrong))


def test_parts_are_matched_by_words():
    """Each requirement has its part, and without that part none."""
    wanted, made = [one[0] for one in PARTS], [one[1] for one in PARTS]
    whole, missing = covers_all(made, wanted, embed=nobody)
    assert (whole.passed, missing, BY_WORDS in whole.detail) == (True, (), True)
    assert covers_all(made[1:], wanted, embed=nobody)[1] == (0,)


@pytest.mark.parametrize(
    ("execute", "request_", "script", "check"),
    [
        (communication.execute, f"Summarise this text: {BEES}", GOOD, "covers the text"),
        (communication.execute, f"Summarise this text: {BEES}", away, "covers the text"),
        (communication.execute, f"Rewrite this text: {BEES}", GOOD, "covers the text"),
        (
            communication.execute,
            f"What have colonies died from? Answer from this text: {BEES}",
            "Many colonies have died from mites and pesticides.",
            "is about the question",
        ),
        (communication.execute, "What causes tides?", "Tides come from the moon.", "is about the question"),
        (analysis.execute, f"Analyse this text: {BEES}", away, "covers the text"),
        (architect.execute, "Design a library with users who borrow books", away, "covers every requirement"),
    ],
)
def test_prose_agents_go_on(execute, request_, script, check):
    """Each does its work, and its check says what it was done by."""
    result = execute(Task("1", request_, request_), Wordy(script))
    assert result.success, result.error
    found = details(result, check)
    assert found
    assert all(one.endswith(BY_WORDS) for one in found)


def test_agents_without_such_a_check_go_on():
    """Phases and examples are chosen by words too."""
    made = analysis.execute(Task("1", LAUNCH, LAUNCH), Wordy("- The beta may be too short for 50 users."))
    handed = (Handover("analysis", "analysis", "", made.output, made.data),)
    planned = strategy.execute(Task("1", LAUNCH, LAUNCH, handovers=handed), Wordy(away))
    assert planned.success, planned.error
    wanted = "Write a Python function that counts its words"
    coded = development.execute(Task("1", wanted, wanted), Wordy("    return len(text.split())"))
    assert coded.output


def test_it_is_told_once():
    """However often texts are compared."""
    bench = Wordy(GOOD)
    ask = Asker(bench, communication.profile)
    assert ask.vectors(["a sea", "the sea"])[0] == ask.vectors(["sea"])[0]
    assert bench.notes == [f"Texts are compared {BY_WORDS}."]


@pytest.mark.parametrize("configured", [True, False], ids=["503", "none"])
def test_an_execution_is_completed_without_embeddings(tenant, configured):
    """Whether their server refuses or there is none: no try more, the result with what it was checked by."""
    with WireServer(lambda asked: Reply(text=GOOD), embeddings=lambda _: 503) as server:
        with providers(groq=server.url, embeddings=server.url.removesuffix("/v1") if configured else ""):
            execution = run(submission.submit(f"Summarise this text: {BEES}", requested_by="user:test"))
    assert execution.state == "completed", execution.error
    step = execution.steps.get(agent="communication")
    assert (step.attempt, step.errors, step.success) == (1, 0, True)
    assert BY_WORDS in next(one["detail"] for one in step.evidence if one["check"] == "covers the text")
    assert "agent_retried" not in {one["kind"] for one in events_after(execution.pk, 0).events}
