"""Answer, explain, translate or write: free text, checked as far as anything can check it.

Templates used: "answer" (question), "from_text" (text, question), "translate" (text, language),
"rewrite" (text, instruction), "write" (instruction).
"""

import re
from dataclasses import dataclass

from agents.contract import Evidence, Reply
from agents.crafts.asking import Asker
from agents.text import grammars
from agents.text.vectors import nearest
from agents.text.words import chunks, sentences, words
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
_COPIED_SHARE = 0.6


@dataclass(frozen=True)
class Answer:
    """A text with its checks."""

    text: str
    evidence: tuple[Evidence, ...]
    notes: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """True where no check failed that an answer cannot do without."""
        return bool(self.text) and all(one.passed for one in self.evidence if one.check != UNSOURCED)


UNSOURCED = "can be checked against a source"


def answer(ask: Asker, question: str) -> Answer:
    """Answer from what the model knows; nothing here can check its facts, and the evidence says so."""
    reply = ask("answer", question=question, max_output_tokens=900 if ask.capable() else 160, temperature=0.2)
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
    """Answer from a text: the sentences nearest the question are shown, and the answer must stand in the text."""
    source = sentences(text)
    near = [index for index, _ in nearest(ask.bench.embed([question])[0], ask.bench.embed(source[:400]))]
    shown = near[:60] if ask.capable() else near[:_ENOUGH_SENTENCES]
    told = chunks([source[index] for index in sorted(shown)], max_tokens=ask.window_tokens() - 200)[0]
    grammar = grammars.sentence()
    reply = ask(
        "from_text",
        text=told,
        question=question,
        grammar=grammar,
        max_output_tokens=500 if ask.capable() else 80,
    )
    said = _whole(prose.opening(reply.text), reply)
    evidence = (
        prose.repetition(said),
        prose.faithful(said, f"{text} {question}"),
        prose.grounded(said, [*source, question]),
        prose.relevant(
            said, f"{question} {' '.join(source[index] for index in near[:2])}", embed=ask.bench.embed
        ),
    )
    if all(one.passed for one in evidence):
        return Answer(said, evidence)
    quoted = " ".join(source[index] for index in sorted(near[:2]))
    note = "The model's answer did not pass its checks; these are the sentences of the text nearest the question."
    return Answer(quoted, (prose.relevant(quoted, question, embed=ask.bench.embed),), (note,))


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
    notes = (
        ()
        if all(one.passed for one in evidence)
        else (f"The translation into {wanted} did not pass its checks; do not rely on it.",)
    )
    return Answer(said, tuple(evidence), notes)


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
