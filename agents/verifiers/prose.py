"""Check a text a model wrote: against its source, its question and itself."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from agents.contract import Embed, Evidence, Reply
from agents.text.bags import BY_WORDS, compared
from agents.text.vectors import centroid, most_central, similarity
from agents.text.words import digits, names, numbers, sentences, spread, stems, words
from agents.verifiers import weights
from agents.verifiers.finding import finding

# Cosines of all-MiniLM-L6-v2, read off the pairs in tests/test_prose_by_meaning.py: a fair summary lies above,
# a summary of one side matter or of another text below.
COVERED = 0.47
RELEVANT = 0.25
# Where embeddings are away, on the same pairs: words tell a summary of another text (at most 0.07) from a fair one (at least
# 0.28), not one of a side matter; and of six answers four share a word with their question, with another question none.
COVERED_BY_WORDS = 0.15
GROUNDED_SHARE = 0.6  # of the meaning words of a sentence that must occur in its source
REPEATED_SHARE = 0.35  # of three-word runs that may be repeats
_RUN = 3
_ENOUGH_OF_A_SOURCE = 200  # sentences, evenly spaced: the middle of a book is known from fewer
_CLEAR_SHARE = 0.12  # of a text that must be function words of a language; English prose has about 0.3
_FUNCTION_WORDS = {
    "english": "the of and to in is that it was for with as are this be by on not have from",
    "german": "der die das und ist nicht ein eine zu den mit auf für von im dem sich des auch",
    "french": "le la les et est une des du dans que pour qui pas sur au avec ce il sont",
    "spanish": "el la los las y es una de que en por para con no su al lo como del",
    "italian": "il la le e di che un una per non con del sono della nel gli è da",
    "portuguese": "o a os as e é um uma de que em para com não do da no na se por",
    "dutch": "de het een en van is dat niet op te voor met zijn er aan ook",
}


def complete(reply: Reply) -> Evidence:
    """Whether the answer was not cut by its token limit."""
    return finding(
        "the answer is complete", passed=reply.complete, weight=weights.COMPLETE, detail=reply.finish_reason
    )


def coverage(summary: str, source: Sequence[str], *, embed: Embed, central: int = 3) -> Evidence:
    """Whether a summary lies near its source as a whole and near the source's most central sentences."""
    parts, source = sentences(summary), spread(source, limit=_ENOUGH_OF_A_SOURCE)
    if not parts or not source:
        return finding("covers the text", passed=False, weight=weights.COVERAGE, detail="nothing to compare")
    vectors, by_words = compared([*source, *parts, summary], embed)
    of_source, of_parts, whole = vectors[: len(source)], vectors[len(source) : -1], vectors[-1]
    middle = similarity(whole, centroid(of_source))
    core = most_central(of_source, limit=central)
    near = [max(similarity(of_source[index], part) for part in [*of_parts, whole]) for index in core]
    score = (middle + sum(near) / len(near)) / 2
    bar = COVERED_BY_WORDS if by_words else COVERED
    said = f", {BY_WORDS}" if by_words else ""
    return finding(
        "covers the text", passed=score >= bar, weight=weights.COVERAGE, detail=f"{score:.2f} of {bar}{said}"
    )


def faithful(answer: str, source: str) -> Evidence:
    """Whether every number and name of an answer occurs in its source."""
    foreign = foreign_facts(answer, source)
    detail = f"not in the source: {', '.join(foreign)}" if foreign else ""
    return finding(
        "numbers and names come from the source", passed=not foreign, weight=weights.FAITHFUL, detail=detail
    )


def foreign_facts(answer: str, source: str) -> list[str]:
    """Return the numbers and names of an answer that its source does not hold, sorted."""
    known = numbers(source)
    spoken = {word.lower().removesuffix("'s").removesuffix("’s") for word in words(source)}
    return sorted((digits(answer) - known) | {name for name in names(answer) if name.lower() not in spoken})


def grounded(answer: str, source: Sequence[str]) -> Evidence:
    """Whether the words of each sentence occur together in the source; the detail names the one that strays most."""
    share, worst = min(((support(part, source), part) for part in sentences(answer)), default=(0.0, ""))
    passed = share >= GROUNDED_SHARE
    detail = "" if passed else f"{share:.0%} of the words of “{worst[:80]}” stand together in the source"
    return finding("says what the source says", passed=passed, weight=weights.GROUNDED, detail=detail)


def support(sentence: str, source: Sequence[str]) -> float:
    """Return the share of a sentence's meaning words that two neighbouring sentences of the source hold, by stem."""
    said = stems(sentence)
    held = [stems(part) for part in source]
    pairs = [one | other for one, other in pairwise(held)] or held
    return max((len(said & pair) for pair in pairs), default=0) / len(said) if said else 1.0


def repetition(answer: str) -> Evidence:
    """Whether a text does not go round in circles, as small models do."""
    said = [word.lower() for word in words(answer)]
    runs = Counter(tuple(said[index : index + _RUN]) for index in range(len(said) - _RUN + 1))
    total = sum(runs.values())
    share = (total - len(runs)) / total if total else 0.0
    told = [part.lower() for part in sentences(answer)]
    twice = len(told) - len(set(told))
    passed = share <= REPEATED_SHARE and not twice
    return finding(
        "does not repeat itself",
        passed=passed,
        weight=weights.REPETITION,
        detail=f"{share:.0%} repeated, {twice} sentences twice",
    )


def length(answer: str, *, at_least: int, at_most: int) -> Evidence:
    """Whether a text has a fitting number of words."""
    count = len(words(answer))
    return finding(
        "has the right length",
        passed=at_least <= count <= at_most,
        weight=weights.LENGTH,
        detail=f"{count} words of {at_least}-{at_most}",
    )


def relevant(answer: str, question: str, *, embed: Embed) -> Evidence:
    """Whether an answer is about what was asked."""
    if not answer.strip():
        return finding("is about the question", passed=False, weight=weights.RELEVANT, detail="empty")
    (one, other), by_words = compared([answer, question], embed)
    if by_words:
        return _shares_words(answer, question)
    near = similarity(one, other)
    return finding(
        "is about the question",
        passed=near >= RELEVANT,
        weight=weights.RELEVANT,
        detail=f"{near:.2f} of {RELEVANT}",
    )


def _shares_words(answer: str, question: str) -> Evidence:
    shared = sorted(stems(answer) & stems(question))
    said = f"shared: {', '.join(shared[:5])}" if shared else "no word of the question is in it"
    return finding(
        "is about the question",
        passed=bool(shared) or not stems(question),
        weight=weights.RELEVANT_BY_WORDS,
        detail=f"{said}, {BY_WORDS}",
    )


def language(text: str) -> str:
    """Return the likely language by its function words, "" where none stands out."""
    said = Counter(word.lower() for word in words(text))
    total = sum(said.values()) or 1
    shares = {
        name: sum(said[word] for word in known.split()) / total for name, known in _FUNCTION_WORDS.items()
    }
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= _CLEAR_SHARE else ""


def in_language(answer: str, wanted: str) -> Evidence:
    """Whether a translation is in the language asked for, as far as function words tell."""
    found = language(answer)
    return finding(
        f"is in {wanted.capitalize()}",
        passed=found == wanted.lower(),
        weight=weights.OTHER_LANGUAGE,
        detail=found or "unclear",
    )


def knows_language(name: str) -> bool:
    """Return whether `in_language` can tell this language."""
    return name.lower() in _FUNCTION_WORDS


_OPENING = re.compile(
    r"^\s*(?:sure[,!.]?\s*)?(?:(?:here(?:'s| is| are)|below is)\b[^\n:]{0,80}:|"
    r"the (?:main|key) (?:points?|ideas?)\b[^\n:.]{0,40}:)\s*",
    re.IGNORECASE,
)


def opening(text: str) -> str:
    """Return a text without the phrases models put before an answer ("Here is a summary:")."""
    plain = _OPENING.sub("", text).strip()
    return plain[:1].upper() + plain[1:] if plain != text.strip() else plain
