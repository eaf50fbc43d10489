"""Words, sentences, names and numbers of a text, by plain rules and without a model."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agents.text.vocabulary import vocabulary

_WORD = re.compile(r"[^\W_]+(?:(?:['’\-]|(?<=\d)[.,](?=\d))[^\W_]+)*")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?![\w])|(?<![\w.])\d+(?:[.,]\d+)*(?=%|[a-zA-Z]{1,3}\b)")
_BOUNDARY = re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+|\n\s*\n|\n(?=\s*(?:[-*•#]|\d+[.)])\s)")
_ABBREVIATIONS = (
    "mr.",
    "mrs.",
    "ms.",
    "dr.",
    "prof.",
    "st.",
    "vs.",
    "etc.",
    "e.g.",
    "i.e.",
    "no.",
    "inc.",
    "fig.",
)
_INITIAL = re.compile(r"\b[A-Z]\.$")

STOPWORDS = vocabulary(
    "a about above after again all also am an and any are as at be been before being below between both but by can"
    " could did do does doing down during each few for from further had has have having he her here hers him his"
    " how i if in into is it its itself just let me more most my no nor not now of off on once only or other our"
    " out over own please same she should so some such than that the their them then there these they this those"
    " through to too under until up upon us very was we were what when where which while who whom why will with"
    " within without would you your"
)
_COUNTED = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_SHORTEST_STEM = 3
_NUMBER_WORDS = {word: number for number, word in enumerate(_COUNTED)}
_WORDS_PER_MINUTE = 230  # silent reading of English prose, the usual round figure for adults


def words(text: str) -> list[str]:
    """Return the words in order; hyphens and apostrophes inside a word belong to it."""
    return _WORD.findall(text)


def content_words(text: str) -> list[str]:
    """Return the lower-case words that carry meaning."""
    return [w for w in (word.lower() for word in words(text)) if w not in STOPWORDS and len(w) > 1]


def stem(word: str) -> str:
    """Return a crude stem, enough to see "counts", "counted" and "counting" as one word."""
    word = word.lower()
    for ending, put in (
        ("ies", "y"),
        ("sses", "ss"),
        ("ing", ""),
        ("ied", "y"),
        ("ed", ""),
        ("es", "e"),
        ("s", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM and not word.endswith("ss"):
            return _without_e(word[: -len(ending)] + put)
    return _without_e(word)


def _without_e(word: str) -> str:
    return word.removesuffix("e") if len(word) > _SHORTEST_STEM else word


def stems(text: str) -> set[str]:
    """Return the stems of the words that carry meaning."""
    return {stem(word) for word in content_words(text)}


def sentences(text: str) -> list[str]:
    """Return the sentences, list items and paragraphs in order, each on one line."""
    found: list[str] = []
    held = ""
    for piece in _BOUNDARY.split(text):
        held = f"{held} {piece}".strip() if held else (piece or "").strip()
        if not held or held.lower().endswith(_ABBREVIATIONS) or _INITIAL.search(held):
            continue
        found.append(" ".join(held.split()))
        held = ""
    return [*found, " ".join(held.split())] if held else found


def numbers(text: str) -> set[str]:
    """Return the numbers as written, without thousands separators; small ones in words count as digits."""
    written = {_plain_number(match) for match in _NUMBER.findall(text)}
    return written | {str(_NUMBER_WORDS[w.lower()]) for w in words(text) if w.lower() in _NUMBER_WORDS}


def digits(text: str) -> set[str]:
    """Return only the numbers written in digits, without thousands separators."""
    return {_plain_number(match) for match in _NUMBER.findall(text)}


def _plain_number(written: str) -> str:
    plain = re.sub(r",(?=\d{3}\b)", "", written)
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def names(text: str) -> set[str]:
    """Return the capitalised words that do not merely open a sentence, and words in capitals."""
    found: set[str] = set()
    for sentence in sentences(text):
        for position, word in enumerate(words(sentence)):
            opens = position == 0 and not word.isupper()
            if word[0].isupper() and len(word) > 1 and not opens and word.lower() not in STOPWORDS:
                found.add(word.removesuffix("'s").removesuffix("’s"))
    return found


def key_terms(text: str, *, limit: int = 8) -> list[tuple[str, int]]:
    """Return the most frequent words that carry meaning, with their counts; ties in order of appearance."""
    return Counter(content_words(text)).most_common(limit)


def estimated_tokens(text: str) -> int:
    """Return roughly how many tokens a model reads here: four letters each, other scripts one per byte."""
    plain = sum(character.isascii() for character in text)
    return plain // 4 + len(text.encode()) - plain + 1


def spread(parts: Sequence[str], *, limit: int) -> list[str]:
    """Return at most `limit` of the parts, evenly spaced over the whole."""
    if len(parts) <= limit:
        return list(parts)
    return [parts[index * len(parts) // limit] for index in range(limit)]


def chunks(parts: Sequence[str], *, max_tokens: int) -> list[str]:
    """Join sentences to pieces of at most `max_tokens`; a longer sentence is cut at words."""
    found: list[str] = []
    held: list[str] = []
    room = max_tokens
    for part in _short_enough(parts, max_tokens=max_tokens):
        need = estimated_tokens(part)
        if held and need > room:
            found.append(" ".join(held))
            held, room = [], max_tokens
        held.append(part)
        room -= need
    return [*found, " ".join(held)] if held else found


def _short_enough(parts: Iterable[str], *, max_tokens: int) -> Iterable[str]:
    for part in parts:
        if estimated_tokens(part) <= max_tokens:
            yield part
            continue
        width = max(1, max_tokens * len(part) // estimated_tokens(part) - 1)
        yield from (part[start : start + width] for start in range(0, len(part), width))


@dataclass(frozen=True)
class Statistics:
    """Counts of one text; `reading_s` is the time to read it silently."""

    words: int
    sentences: int
    characters: int
    distinct_words: int
    mean_sentence_words: float
    reading_s: int


def statistics(text: str) -> Statistics:
    """Count a text."""
    found = words(text)
    parts = sentences(text)
    return Statistics(
        words=len(found),
        sentences=len(parts),
        characters=len(text),
        distinct_words=len({word.lower() for word in found}),
        mean_sentence_words=round(len(found) / len(parts), 1) if parts else 0.0,
        reading_s=round(60 * len(found) / _WORDS_PER_MINUTE),
    )
