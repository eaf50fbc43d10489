"""Communication answers, summarises, translates and asks back; what it cannot prove it says."""

import pytest

from agents.contract import Handover, Task
from agents.roster.communication import execute
from agents.tests.bench import Bench, away

BEES = (
    "Bees visit flowers to gather nectar and pollen. While they feed, pollen sticks to their hair and is carried to the"
    " next flower. About a third of the food that people eat depends on this work of bees. In the past decades many"
    " colonies of bees have died from mites and pesticides."
)
GOOD = "Bees visit flowers to gather nectar and pollen, which is carried to the next flower. Many colonies of bees have died from mites."


def talk(request, script, *, step="", **options):
    bench = Bench(script, **options)
    return execute(Task("1", step or request, request), bench), bench


def failed(result):
    return [one.check for one in result.evidence if not one.passed]


def test_it_works():
    """A faithful summary is handed on as it is, with every check passed."""
    result, bench = talk(f"Summarise this text: {BEES}", GOOD)
    assert (result.success, result.output, result.data["method"]) == (True, GOOD, "model")
    assert failed(result) == []
    assert len(bench.prompts) == 1
    assert bench.options[0]["task_kind"] == "summarize"
    assert bench.options[0]["mode"] == "speed"


def test_an_invented_fact_never_reaches_the_reader():
    """A sentence with a foreign number is dropped; the text's own sentence takes its place, and the reader is told."""
    result, _ = talk(
        f"Summarise this text: {BEES}", f"{GOOD.split('. ', maxsplit=1)[0]}. In 2019 bees flew to Berlin."
    )
    assert "2019" not in result.output
    assert "1 sentence(s) of the model were dropped" in result.output
    assert result.data["method"] == "model"


def test_a_bad_summary_is_asked_for_once_more():
    """The second answer is taken where it passes."""
    result, bench = talk(f"Summarise this text: {BEES}", ["Monkeys like bananas.", GOOD])
    assert result.output == GOOD
    assert len(bench.prompts) == 2


def test_two_bad_summaries_give_way_to_the_text_itself():
    """The most central sentences stand in, word for word, and the output says so."""
    result, _ = talk(f"Summarise this text: {BEES}", "Monkeys like bananas.")
    assert result.data["method"] == "extract"
    assert "most central sentences" in result.output
    assert all(part in BEES for part in result.data["text"].split(". "))
    assert result.success


def test_no_model_is_needed_for_an_extract():
    """With every provider down the summary is made of the text's own sentences."""
    result, _ = talk(f"Summarise this text: {BEES}", away)
    assert result.data["method"] == "extract"
    assert "No model answered" in result.output


@pytest.mark.parametrize(
    ("wish", "lines"), [("in three bullet points", 3), ("in one sentence", 1), ("in 2 sentences", 1)]
)
def test_the_length_asked_for_is_kept(wish, lines):
    """A number of sentences or points is read from the request."""
    result, _ = talk(f"Summarise this text {wish}: {BEES}", away)
    assert len(result.data["text"].splitlines()) == lines


def test_a_long_text_is_read_in_pieces():
    """A small model is shown at most two pieces; a text longer than that is condensed first, and the reader is told."""
    long = " ".join(
        f"Bees of hive {n} visit flowers to gather nectar and pollen near the mill." for n in range(300)
    )
    result, bench = talk(
        f"Summarise this text: {long}", "Bees visit flowers to gather nectar and pollen near the mill."
    )
    assert len(bench.prompts) <= 3
    assert max(len(prompt) for prompt in bench.prompts) < 4500
    assert "central ones of its 300 sentences" in result.output


def test_a_strong_model_reads_a_long_text_at_once():
    """With a capable model the same text is one question."""
    long = " ".join(
        f"Bees of hive {n} visit flowers to gather nectar and pollen near the mill." for n in range(300)
    )
    _, bench = talk(
        f"Summarise this text: {long}", "Bees visit flowers to gather nectar and pollen.", strong=True
    )
    assert len(bench.prompts[0]) > 15_000


def test_a_short_text_is_left_as_it_is():
    """Two sentences need no summary of two sentences, and no model."""
    result, bench = talk("Summarise this text: Bees fly. They sting.", away)
    assert result.data["method"] == "unchanged"
    assert bench.prompts == []


def test_without_a_text_it_asks_back():
    """Nothing to summarise is said, with how to send it; the confidence is low."""
    result, bench = talk("Summarise this text: ...", "a lie")
    assert result.data["mode"] == "ask_back"
    assert "after a colon" in result.output
    assert failed(result) == ["there is a text to work on"]
    assert bench.prompts == []


def test_an_answer_from_memory_says_so():
    """Nothing can check it, so the evidence has one open point and a small model's answer carries a note."""
    result, _ = talk("What causes tides?", "Tides are caused by the pull of the moon.")
    assert result.success
    assert failed(result) == ["can be checked against a source"]
    assert "A small local model wrote this from memory" in result.output
    strong, _ = talk("What causes tides?", "Tides are caused by the pull of the moon.", strong=True)
    assert strong.output == "Tides are caused by the pull of the moon."


@pytest.mark.parametrize("script", ["no no no no no no no no no no no no", "Bananas are yellow and sweet."])
def test_a_useless_answer_fails(script):
    """Going in circles or missing the question is no success, and the reader is warned first."""
    result, _ = talk("What causes tides on the sea?", script)
    assert not result.success
    assert result.error
    assert result.usable


def test_a_sentence_said_twice_is_said_once():
    """Small models fall into loops; the double goes, the answer stays."""
    result, _ = talk(
        "What causes tides?", "Tides come from the moon. Tides come from the moon. The sun helps."
    )
    assert result.data["text"].count("Tides come from the moon.") == 1


def test_a_question_about_a_text_is_answered_from_it():
    """An answer that stands where the question is answered is taken; another gives way to that sentence."""
    request = f"What have colonies died from? Answer from this text: {BEES}"
    good, _ = talk(request, "Many colonies have died from mites and pesticides.")
    assert good.output == "Many colonies have died from mites and pesticides."
    bad, _ = talk(request, "People eat food and gather nectar.")
    assert bad.output.startswith("In the past decades many colonies of bees have died")
    assert "did not pass its checks" in bad.output


def test_a_failed_translation_is_not_shown():
    """What goes in circles or stays English is withheld, and the reader is told what it takes."""
    result, _ = talk(
        f"Translate this text to German: {BEES}", "Bees visit the flowers of the field and the food is good."
    )
    assert not result.success
    assert "A larger model is needed" in result.output
    assert "visit the flowers" not in result.output


def test_a_translation_that_holds_is_shown():
    """Right language, right length, numbers kept."""
    request = (
        "Translate this text to German: The house has 3 rooms and it is not large, but the garden is old."
    )
    result, _ = talk(
        request, "Das Haus hat 3 Zimmer und ist nicht groß, aber der Garten ist alt.", strong=True
    )
    assert result.success
    assert result.output.startswith("Das Haus")


def test_a_rewrite_that_copies_is_found_out():
    """The same sentences again are no rewriting."""
    copied, _ = talk(f"Rewrite this text: {BEES}", BEES)
    assert not copied.success
    assert "is not the same text" in failed(copied)


def test_it_works_on_what_was_handed_over():
    """A step that follows another takes its text, unless that one failed."""
    handed = Handover("a", "communication", "", f"{BEES}\n\n_note_", {"text": BEES})
    request = "Explain bees, then summarise it"
    bench = Bench(GOOD)
    assert execute(Task("1", "then summarise it", request, handovers=(handed,)), bench).output == GOOD
    assert "_note_" not in bench.prompts[0]
    broken = Handover("a", "communication", "", "garbage", {}, success=False)
    asked_back = execute(Task("1", "then summarise it", request, handovers=(broken,)), Bench(GOOD))
    assert asked_back.data["mode"] == "ask_back"


def test_a_parameter_may_carry_the_text():
    """A caller of the API need not put the text behind a colon."""
    task = Task("1", "Summarise this text", "Summarise this text", parameters={"material": BEES})
    assert execute(task, Bench(GOOD)).output == GOOD


def test_writing_is_writing():
    """A message is written, not answered as a question."""
    result, bench = talk("Write an email to Bob about the meeting", "Hi Bob, the meeting is moved.")
    assert result.data["mode"] == "write"
    assert "email to Bob" in bench.prompts[0]


def test_code_is_explained_beside_its_facts():
    """What the tree shows for certain stands before the model's words."""
    result, _ = talk(
        "Explain this code:\n```python\ndef f(x):\n    return x + 1\n```", "The code returns x plus 1."
    )
    assert result.output.startswith("It defines `f(x)`.")
    broken, _ = talk("Explain this code:\n```python\ndef f(\n```", "The code is broken.")
    assert "does not parse" in broken.output
