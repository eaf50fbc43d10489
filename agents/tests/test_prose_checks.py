"""A text a model wrote is checked against its source, its question and itself."""

import pytest

from agents.contract import Reply
from agents.tests.bench import embed
from agents.verifiers import prose

SOURCE = [
    "The Aral Sea had an area of 68,000 square kilometres.",
    "Rivers were diverted to grow cotton in the desert.",
    "By 2007 it had shrunk to a tenth of its size.",
]
TEXT = " ".join(SOURCE)


@pytest.mark.parametrize(
    ("answer", "foreign"),
    [
        ("The Aral Sea measured 68000 square kilometres.", []),
        ("By 2008 the Aral Sea was small.", ["2008"]),
        ("It lies near Berlin and NASA saw it.", ["Berlin", "NASA"]),
    ],
)
def test_invented_numbers_and_names_are_named(answer, foreign):
    """Whatever number or name the source does not hold fails the check and is named."""
    assert prose.foreign_facts(answer, TEXT) == foreign
    assert prose.faithful(answer, TEXT).passed is (not foreign)


def test_sentences_must_stand_together_in_the_source():
    """Words from one place pass; words gathered from nowhere fail and are quoted."""
    assert prose.grounded("Rivers were diverted to grow cotton.", SOURCE).passed
    strayed = prose.grounded("Fishermen celebrated their new harbour festival.", SOURCE)
    assert not strayed.passed
    assert "Fishermen" in strayed.detail
    assert not prose.grounded("", SOURCE).passed


def test_a_summary_must_cover_the_middle_of_its_text():
    """The text itself covers itself; another text and nothing at all do not."""
    assert prose.coverage(TEXT, SOURCE, embed=embed).passed
    assert not prose.coverage("Monkeys like bananas and nuts.", SOURCE, embed=embed).passed
    assert not prose.coverage("", SOURCE, embed=embed).passed


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("Bees fly from flower to flower and gather nectar.", True),
        ("no no no no no no no no no no", False),
        ("It is good. It is good.", False),
        ("", True),
    ],
)
def test_going_in_circles_is_seen(text, passed):
    """Repeated runs of words and sentences said twice fail."""
    assert prose.repetition(text).passed is passed


def test_length_has_two_ends():
    """Both limits themselves are allowed."""
    assert [prose.length("w " * n, at_least=2, at_most=3).passed for n in (1, 2, 3, 4)] == [
        False,
        True,
        True,
        False,
    ]


def test_an_answer_is_about_its_question():
    """Shared meaning passes, none fails, nothing fails."""
    assert prose.relevant("Tides come from the moon.", "What causes tides?", embed=embed).passed
    assert not prose.relevant("Bananas are yellow.", "What causes tides?", embed=embed).passed
    assert not prose.relevant(" ", "What causes tides?", embed=embed).passed


def test_a_cut_answer_is_incomplete():
    """The finish reason of the provider decides."""
    assert prose.complete(Reply("done")).passed
    assert not prose.complete(Reply("cut", finish_reason="length")).passed


def test_languages_are_told_by_their_small_words():
    """A translation into the wrong language fails."""
    german = "Das Haus ist alt und der Garten ist nicht groß, aber die Bäume sind schön."
    assert prose.language(german) == "german"
    assert prose.in_language(german, "German").passed
    assert not prose.in_language("The house is old and the garden is small.", "German").passed
    assert prose.knows_language("Dutch")
    assert not prose.knows_language("Klingon")
    assert prose.language("xyzzy plugh") == ""


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Here is a short summary: bees fly.", "Bees fly."),
        ("The main points of the text above are: bees fly.", "Bees fly."),
        ("Bees fly: they have wings.", "Bees fly: they have wings."),
    ],
)
def test_what_models_say_before_an_answer_is_dropped(said, left):
    """Openings go, colons of the answer stay."""
    assert prose.opening(said) == left
