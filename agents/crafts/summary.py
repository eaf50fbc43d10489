"""Summarise a text with whatever model there is, and with the text's own sentences where the model fails.

Templates used: "summary" (text, length), "merge" (text, length).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.contract import Evidence, ModelUnavailable, Reply
from agents.crafts.asking import Asker
from agents.text import grammars
from agents.text.vectors import most_central, similarity
from agents.text.words import chunks, estimated_tokens, sentences, spread, words
from agents.verifiers import prose, weights
from agents.verifiers.finding import finding

CHUNK_TOKENS = 850  # leaves room for question and answer in a small model's window
MAX_CHUNKS = 2  # a small model reads about 400 tokens a second: two chunks are eight seconds
SAME = 0.7  # cosine from which two sentences say the same
CORE_SENTENCES = 5  # what the second try is shown: fewer sentences leave a small model less to mix up
_COUNTED = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_COUNTS = {word: count for count, word in enumerate(_COUNTED, 1)}
PAGE_WORDS = 250
MOST_SENTENCES = 400  # what is embedded of one text; more takes seconds and changes no summary
_IN_SENTENCES = re.compile(
    r"\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten|a single)[ -]+(?:short )?(sentence|bullet|point|line)",
    re.IGNORECASE,
)
_IN_WORDS = re.compile(r"\b(\d+)[ -]+words?\b", re.IGNORECASE)


@dataclass(frozen=True)
class Length:
    """How long a summary is wanted: its sentences, its most words, as a list or as prose."""

    sentences: int = 2
    words: int = 90
    bullets: bool = False

    @property
    def said(self) -> str:
        """The wish in words."""
        return "one sentence" if self.sentences == 1 else f"{self.sentences} sentences"


@dataclass(frozen=True)
class Summary:
    """A summary with its checks; `method` is "model", "extract" or "unchanged", `notes` what the reader should know."""

    text: str
    method: str
    evidence: tuple[Evidence, ...]
    notes: tuple[str, ...] = ()


def length_of(instruction: str, *, source_words: int) -> Length:
    """Read the length asked for; otherwise two sentences, three for a page and more."""
    match = _IN_SENTENCES.search(instruction)
    limit = _IN_WORDS.search(instruction)
    if match:
        said = match[1].lower()
        count = int(said) if said.isdigit() else _COUNTS.get(said, 1)
        return Length(
            max(1, min(count, 10)),
            45 * max(1, min(count, 10)),
            match[2].lower() in {"bullet", "point", "line"},
        )
    bullets = bool(re.search(r"\b(?:bullets?|bullet points|list)\b", instruction, re.IGNORECASE))
    count = 3 if source_words > PAGE_WORDS or bullets else 2
    return Length(count, int(limit[1]) if limit else 45 * count, bullets)


def summarise(ask: Asker, text: str, instruction: str) -> Summary:
    """Return a checked summary of a text of at least one sentence."""
    source = sentences(text)
    wanted = length_of(instruction, source_words=len(words(text)))
    if len(source) <= wanted.sentences:
        note = "The text is no longer than the summary would be, so it stands here unchanged."
        return Summary(
            _laid_out(source, wanted), "unchanged", (prose.length(text, at_least=1, at_most=10_000),), (note,)
        )
    told, notes = _short_enough(ask, source)
    try:
        made = _by_model(ask, told, source, wanted)
    except ModelUnavailable as absent:
        return _extract(ask, source, wanted, (*notes, f"No model answered ({absent.reason})."))
    if all(one.passed for one in made.evidence):
        return Summary(made.text, "model", made.evidence, (*notes, *made.notes))
    failed = ", ".join(one.check for one in made.evidence if not one.passed)
    return _extract(
        ask, source, wanted, (*notes, f"The model's own summary did not pass its checks (failed: {failed}).")
    )


def _short_enough(ask: Asker, source: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the sentences a model is shown: all, or the most central ones that fit, in their order."""
    budget = MAX_CHUNKS * CHUNK_TOKENS if not ask.capable("summarize") else ask.window_tokens("summarize")
    needed = sum(map(estimated_tokens, source))
    if needed <= budget:
        return list(source), ()
    some = spread(source, limit=MOST_SENTENCES)
    kept: list[int] = []
    for index in most_central(ask.vectors(some), limit=len(some)):
        budget -= estimated_tokens(some[index])
        if budget < 0:
            break
        kept.append(index)
    note = f"The text is long: the model read {len(kept)} central ones of its {len(source)} sentences."
    return [some[index] for index in sorted(kept)], (note,)


def _by_model(ask: Asker, told: Sequence[str], source: Sequence[str], wanted: Length) -> Summary:
    capable = ask.capable("summarize")
    pieces = chunks(told, max_tokens=ask.window_tokens("summarize") if capable else CHUNK_TOKENS)
    said = " ".join(prose.opening(_ask(ask, "summary", piece, wanted).text) for piece in pieces)
    if len(pieces) > 1 and capable:
        said = prose.opening(_ask(ask, "merge", said, wanted).text)
    first = _checked(ask, said, source, wanted)
    ask.bench.judge(first.evidence)
    if all(one.passed for one in first.evidence):
        return first
    ask.bench.note("The summary did not pass its checks; asking once more with the central sentences alone")
    core = (
        sorted(most_central(ask.vectors(told[:MOST_SENTENCES]), limit=CORE_SENTENCES))
        if not capable
        else range(len(told))
    )
    second = _checked(
        ask,
        _ask(ask, "summary", " ".join(told[i] for i in core), wanted, temperature=0.4).text,
        source,
        wanted,
    )
    ask.bench.judge(second.evidence)
    return max(first, second, key=lambda made: sum(one.passed for one in made.evidence))


def _ask(ask: Asker, name: str, text: str, wanted: Length, *, temperature: float = 0.1) -> Reply:
    grammar = grammars.sentence(count=wanted.sentences)
    tokens = min(500, 60 * wanted.sentences + 20)
    return ask(
        name,
        text=text,
        length=wanted.said,
        grammar=grammar,
        max_output_tokens=tokens,
        temperature=temperature,
        task_kind="summarize",
    )


def _checked(ask: Asker, said: str, source: Sequence[str], wanted: Length) -> Summary:
    kept, dropped = _kept(prose.opening(said), source)
    if len(kept) > wanted.sentences:  # several pieces were summarised: the most telling sentences of all
        kept = [kept[index] for index in sorted(most_central(ask.vectors(kept), limit=wanted.sentences))]
    own = _own_sentences(ask, kept, source, wanted) if dropped else []
    kept = [*kept, *own]
    text = " ".join(kept)
    evidence = (
        prose.repetition(text),
        prose.length(
            text, at_least=min(6, sum(len(words(part)) for part in source)), at_most=wanted.words + 20
        ),
        prose.faithful(text, " ".join(source)),
        prose.grounded(text, source),
        prose.coverage(text, source, embed=ask.bench.embed),
    )
    told = f"{dropped} sentence(s) of the model were dropped: the text does not bear them out"
    notes = (
        (f"{told}; {len(own)} of the text's own stand in their place." if own else f"{told}.",)
        if dropped
        else ()
    )
    return Summary(_laid_out(kept, wanted), "model", evidence, notes)


def _own_sentences(ask: Asker, kept: Sequence[str], source: Sequence[str], wanted: Length) -> list[str]:
    """Return the text's most central sentences that say what the kept ones do not, as many as are wanting."""
    if not kept or len(kept) >= wanted.sentences:
        return []
    some = spread(source, limit=MOST_SENTENCES)
    vectors = ask.vectors([*some, *kept])
    said = vectors[len(some) :]
    order = most_central(vectors[: len(some)], limit=len(some))
    fresh = [index for index in order if max(similarity(vectors[index], one) for one in said) < SAME]
    return [some[index] for index in sorted(fresh[: wanted.sentences - len(kept)])]


def _kept(text: str, source: Sequence[str]) -> tuple[list[str], int]:
    """Return the sentences the source bears out, each once and complete, and how many were dropped."""
    whole = " ".join(source)
    parts = [prose.opening(part) for part in sentences(text)]  # "The main points are:" may open any of them
    good = [
        part
        for part in dict.fromkeys(parts)
        if part[-1:] in '.!?”"'
        and prose.support(part, source) >= prose.GROUNDED_SHARE
        and not prose.foreign_facts(part, whole)
    ]
    return good, len(parts) - len(good)


def _extract(ask: Asker, source: Sequence[str], wanted: Length, notes: tuple[str, ...]) -> Summary:
    """Take the sentences nearest the middle of the text's meaning, in their order."""
    some = spread(source, limit=MOST_SENTENCES)
    chosen = sorted(most_central(ask.vectors(some), limit=wanted.sentences))
    kept = [some[index] for index in chosen]
    text = " ".join(kept)
    verbatim = all(part in source for part in kept)
    evidence = (
        prose.coverage(text, source, embed=ask.bench.embed),
        prose.length(text, at_least=3, at_most=4 * wanted.words),
        finding("every sentence stands in the text", passed=verbatim, weight=weights.FAITHFUL),
    )
    return Summary(
        _laid_out(kept, wanted),
        "extract",
        evidence,
        (*notes, "These are the text's own most central sentences."),
    )


def _laid_out(parts: Sequence[str], wanted: Length) -> str:
    return "\n".join(f"- {part}" for part in parts) if wanted.bullets else " ".join(parts)
