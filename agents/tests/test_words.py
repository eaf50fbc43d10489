"""Words, sentences, numbers and names are found by plain rules."""

from agents.text.words import (
    chunks,
    content_words,
    estimated_tokens,
    key_terms,
    names,
    numbers,
    sentences,
    statistics,
    stem,
    words,
)


def test_words_keep_hyphens_and_apostrophes():
    """A hyphenated word and a contraction are one word each."""
    assert words("Don't re-read 3 books.") == ["Don't", "re-read", "3", "books"]


def test_sentences_end_where_readers_stop():
    """Abbreviations, initials and decimals end nothing; list items and paragraphs do."""
    text = "Dr. Ana met J. Doe at 3.5 km, e.g. near the mill. It rained!\n- one item\n- two items\n\nEnd"
    assert sentences(text) == [
        "Dr. Ana met J. Doe at 3.5 km, e.g. near the mill.",
        "It rained!",
        "- one item",
        "- two items",
        "End",
    ]
    assert sentences("") == []


def test_numbers_are_compared_by_value():
    """Thousands separators, trailing zeros and small words make no difference."""
    assert numbers("68,000 people, 2.40 s, three dogs, 10%") == {"68000", "2.4", "3", "10"}


def test_names_are_capitals_inside_a_sentence():
    """The first word of a sentence is no name for being capital; an abbreviation is."""
    assert names("Yesterday Ana met Luis's team. The NASA paid. Rain fell.") == {"Ana", "Luis", "NASA"}


def test_stems_join_the_forms_of_a_word():
    """Counts, counted and counting are one word; short words stay."""
    assert len({stem(word) for word in ("count", "counts", "counted", "counting")}) == 1
    assert stem("bees") == stem("bee")
    assert stem("class") == "class"


def test_terms_are_counted_without_stopwords():
    """What carries meaning is counted, the most frequent first."""
    assert key_terms("The bee and the bee saw a flower") == [("bee", 2), ("saw", 1), ("flower", 1)]
    assert content_words("It is the end") == ["end"]


def test_chunks_hold_every_sentence_and_keep_the_limit():
    """Sentences are joined up to the limit; one that is longer is cut, and nothing is lost."""
    parts = ["a short one.", "x" * 4000, "another short one."]
    made = chunks(parts, max_tokens=100)
    assert "".join(made).replace(" ", "") == "".join(parts).replace(" ", "")
    assert all(estimated_tokens(piece) <= 103 for piece in made)
    assert chunks([], max_tokens=10) == []


def test_other_scripts_need_more_tokens():
    """A character outside ASCII counts for its bytes."""
    assert estimated_tokens("水" * 100) > 3 * estimated_tokens("w" * 100)


def test_statistics_count():
    """Words, sentences and the time to read them."""
    found = statistics("One two three. Four five.")
    assert (found.words, found.sentences, found.distinct_words, found.mean_sentence_words) == (5, 2, 5, 2.5)
    assert statistics("").mean_sentence_words == 0.0
