"""Answer, explain, translate or write: free text, checked as far as anything can check it.

Templates used: "answer" (question), "answer_remembering" (known, question), "from_text" (text, question), "translate" (text, language),
"rewrite" (text, instruction), "write" (instruction).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.contract import Evidence, Reply
from agents.crafts.asking import Asker
from agents.text import grammars, recollections
from agents.text.vectors import similarity
from agents.text.words import chunks, sentences, stems, words
from agents.verifiers import prose, weights
from agents.verifiers.finding import finding

_LANGUAGE = re.compile(
    r"\b(?:in)?to\s+([A-Z][a-z]+)\b|\bin\s+(German|French|Spanish|Italian|Portuguese|Dutch|English)\b"
)
_SHORTEST_WORDS = 1
_TALK_WORDS = 2
_LONG_ENOUGH_WORDS = 4  # shorter sentences ("Yes.") may come twice
_ENOUGH_SENTENCES = (
    4  # of a text, to answer one question from; a small model repeats what it is shown beyond that
)
_SHOWN_SENTENCES, _MOST_SENTENCES = 60, 400  # to a strong model; embedded of one text
_COPIED_SHARE = 0.6


@dataclass(frozen=True)
class Answer:
    """A text with its checks; `withheld` where it is not worth showing, so that only the notes are."""

    text: str
    evidence: tuple[Evidence, ...]
    notes: tuple[str, ...] = ()
    withheld: bool = False

    @property
    def sound(self) -> bool:
        """True where no check failed that an answer cannot do without."""
        return bool(self.text) and all(one.passed for one in self.evidence if one.check != UNSOURCED)


UNSOURCED = "can be checked against a source"


def answer(ask: Asker, question: str) -> Answer:
    """Answer from what the model knows and what was remembered of this; nothing here can check its facts, and the
    evidence says so.
    """
    known = recollections.told(ask.bench.recall(question, kind="note"))
    reply = ask(
        "answer_remembering" if known else "answer",
        question=question,
        known=known,
        max_output_tokens=900 if ask.capable() else 160,
        temperature=0.2,
    )
    return free(ask, reply, question)


def write(ask: Asker, instruction: str) -> Answer:
    """Write a letter, a post, a list: whatever words are asked for."""
    reply = ask(
        "write", instruction=instruction, max_output_tokens=1200 if ask.capable() else 260, temperature=0.4
    )
    return free(ask, reply, instruction)


def free(ask: Asker, reply: Reply, question: str) -> Answer:
    text = _once(_whole(prose.opening(reply.text), reply))
    talk = len(words(question)) <= _TALK_WORDS  # "Hello!" has no subject an answer could miss
    evidence = (
        prose.complete(reply),
        prose.repetition(text),
        prose.length(text, at_least=_SHORTEST_WORDS, at_most=1500),
        *(() if talk else (prose.relevant(text, question, embed=ask.bench.embed),)),
        finding(UNSOURCED, passed=False, weight=weights.UNSOURCED, detail="from the model's memory"),
    )
    note = (
        ()
        if reply.capable
        else ("A small local model wrote this from memory; no source was at hand to check its facts.",)
    )
    return Answer(text, evidence, note)


def _whole(text: str, reply: Reply) -> str:
    """Drop the last, cut sentence of an answer that ran into its limit."""
    parts = sentences(text)
    return text if reply.complete or len(parts) <= 1 else text[: text.rfind(parts[-1][:20])].rstrip()


def _once(text: str) -> str:
    """Drop the sentences that were said before, which small models fall into; lines and their order stay."""
    seen: set[str] = set()
    for part in sentences(text):
        if part.casefold() in seen and len(words(part)) >= _LONG_ENOUGH_WORDS:
            head, _, tail = text.rpartition(part)
            text = f"{head.rstrip()}{tail}"
        seen.add(part.casefold())
    return text


def from_text(ask: Asker, question: str, text: str) -> Answer:
    """Answer from a text: the sentences nearest the question are shown, and the answer must stand in them."""
    source = sentences(text)
    near = _nearest_first(ask, question, source)
    shown = near[:_SHOWN_SENTENCES] if ask.capable() else near[:_ENOUGH_SENTENCES]
    told = chunks([one for one in source if one in shown], max_tokens=ask.window_tokens() - 200)[0]
    tokens = 500 if ask.capable() else 80
    reply = ask(
        "from_text", text=told, question=question, grammar=grammars.sentence(), max_output_tokens=tokens
    )
    said = _whole(prose.opening(reply.text), reply)
    # A small model names what stands anywhere in the text; its answer has to stand where the question is answered.
    basis = [*source, question] if reply.capable else [f"{near[0]} {question}"]
    evidence = (
        prose.repetition(said),
        prose.faithful(said, f"{text} {question}"),
        prose.grounded(said, basis),
        prose.relevant(said, f"{question} {near[0]}", embed=ask.bench.embed),
    )
    if all(one.passed for one in evidence):
        return Answer(said, evidence)
    note = (
        "The model's answer did not pass its checks; this is the sentence of the text nearest the question."
    )
    quoted = finding("every sentence stands in the text", passed=near[0] in source, weight=weights.FAITHFUL)
    return Answer(near[0], (quoted, prose.relevant(near[0], question, embed=ask.bench.embed)), (note,))


def _nearest_first(ask: Asker, question: str, source: Sequence[str]) -> list[str]:
    """Order sentences by likeness to the question: in meaning, and in the words it uses."""
    asked = stems(question)
    shared = [len(asked & stems(one)) for one in source]
    order = sorted(range(len(source)), key=lambda index: -shared[index])[:_MOST_SENTENCES]
    some = [source[index] for index in sorted(order)]
    vectors = ask.vectors([question, *some])
    likeness = [
        similarity(vectors[0], vector) + len(asked & stems(one)) / max(1, len(asked))
        for one, vector in zip(some, vectors[1:], strict=True)
    ]
    return [one for _, one in sorted(zip(likeness, some, strict=True), key=lambda pair: -pair[0])]


def translate(ask: Asker, text: str, instruction: str) -> Answer:
    """Translate; the result must be in the language asked for and keep the numbers."""
    match = _LANGUAGE.search(instruction)
    wanted = (match and (match[1] or match[2])) or "English"
    parts = chunks(sentences(text), max_tokens=ask.window_tokens() // 2)
    replies = [
        ask("translate", text=part, language=wanted, max_output_tokens=2 * len(part) // 3 + 60)
        for part in parts[:4]
    ]
    said = "\n".join(prose.opening(reply.text) for reply in replies)
    evidence = [
        prose.repetition(said),
        prose.length(said, at_least=len(words(text)) // 2, at_most=2 * len(words(text)) + 10),
        *_digits(said, text),
    ]
    if prose.knows_language(wanted):
        evidence.append(prose.in_language(said, wanted))
    failed = [one.check for one in evidence if not one.passed]
    if not failed:
        return Answer(said, tuple(evidence))
    model = replies[0].model or "the model at hand"
    note = f"{model} could not translate this into {wanted} (failed: {', '.join(failed)}), so nothing is shown. A larger model is needed."
    return Answer(said, tuple(evidence), (note,), withheld=True)


def _digits(said: str, text: str) -> tuple[Evidence, ...]:
    lost = prose.foreign_facts(" ".join(re.findall(r"\d[\d.,]*", text)), said)
    return (finding("keeps the numbers", passed=not lost, weight=weights.FAITHFUL, detail=", ".join(lost)),)


def rewrite(ask: Asker, text: str, instruction: str) -> Answer:
    """Say a text in other words; what it says must stay."""
    part = chunks(sentences(text), max_tokens=ask.window_tokens() // 2)[0]
    reply = ask(
        "rewrite", text=part, instruction=instruction, max_output_tokens=len(part) // 2 + 60, temperature=0.3
    )
    said = _whole(prose.opening(reply.text), reply)
    evidence = (
        prose.complete(reply),
        prose.repetition(said),
        prose.faithful(said, text),
        prose.coverage(said, sentences(part), embed=ask.bench.embed),
        finding(
            "is not the same text",
            passed=_copied(said, part) <= _COPIED_SHARE,
            weight=weights.REPETITION,
            detail=f"{_copied(said, part):.0%} copied",
        ),
    )
    notes = (
        ()
        if all(one.passed for one in evidence)
        else ("The rewritten text did not pass its checks; compare it with the original.",)
    )
    return Answer(said, evidence, notes)


def _copied(said: str, text: str) -> float:
    parts = sentences(said)
    return sum(part in text for part in parts) / len(parts) if parts else 1.0
