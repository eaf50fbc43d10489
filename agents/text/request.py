"""Tell what a person asks for from the text they want it done to, and cut the asking into its clauses."""

import ast
import re
import textwrap
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from agents.text.vocabulary import vocabulary
from agents.text.words import words

Kind = Literal["", "text", "code", "details"]

# Verbs that open an order. They decide where one order ends and the next begins, and whether the words
# before a colon are an order at all.
COMMANDS = vocabulary(
    "add advise analyse analyze answer assess audit automate brainstorm build calculate call check choose classify"
    " clean code collect compare compose compute condense configure connect containerise containerize convert correct"
    " count create debug define deploy describe design detect develop diagnose document draft draw estimate evaluate"
    " examine explain extend extract find fix forecast format generate get give help identify implement improve"
    " inspect integrate investigate judge launch list make measure migrate model monitor name optimise optimize"
    " outline paraphrase plan port prepare propose publish rank rate read recommend refactor release rename rephrase"
    " report review rewrite roadmap run say schedule search secure send set ship show simplify sketch sort split"
    " start state suggest summarise summarize summarizing sync take synchronise synchronize tell test translate tune"
    " update validate verify watch write"
)
_DEIXIS = re.compile(
    r"\b(?:this|these|the following|following|below|above)\s+(?:\w+\s+){0,2}?"
    r"(?:text|article|paragraphs?|passage|story|e-?mail|letter|message|report|document|review|essay|news|log|logs|"
    r"transcript|notes?|speech|abstract|page|chapter|post|sentence)\b|\b(?:following|below|above|this)\s*:?\s*$",
    re.IGNORECASE,
)
_FENCE = re.compile(r"```[\w+-]*\n(.*?)```", re.DOTALL)
_COLON = re.compile(r":(?=\s)")
_CODE_LINE = re.compile(
    r"^\s*(?:def |class |import |from \w+ import |@\w|async def |function |const |#include|package )"
)
_PLEASE = re.compile(
    r"^(?:(?:hi|hello|hey|please|kindly|now|also|and|then|finally|afterwards|next|first|second(?:ly)?|lastly|"
    r"can you|could you|would you|will you|i want you to|i need you to|i would like you to|i'd like you to|you should|"
    r"help me(?: to)?|let us|let's|we need to|we want to|i want to|i need to|after that)\b[\s,]*)+",
    re.IGNORECASE,
)
_ENDS = re.compile(r"(?<=[.!?;])\s+|\n+")
_JOINTS = re.compile(
    r",?\s+and\s+then\s+|,?\s+then\s+|,?\s+and\s+(?:also\s+)?|,\s*(?:also\s+)?", re.IGNORECASE
)
_MOST_COLONS, _AHEAD = (
    20,
    200,
)  # how far is looked for an order: a long text is read in time proportional to it
_STUMP_WORDS = 3  # so short a piece without a verb of its own belongs to the order before it
_MANNER = re.compile(
    r"^(?:answer|reply|respond|use|keep|be|write) (?:it |this |the answer )?(?:from|in|with|only|by|briefly|short\w*|concise\w*|as|to the point)\b",
    re.IGNORECASE,
)
_MIN_TEXT_WORDS = 40  # a second paragraph this long without a colon is the text, not more of the order


@dataclass(frozen=True)
class Request:
    """`directive` is the asking; `material` what it is about: a text, code, or further details of the asking."""

    directive: str
    material: str = ""
    kind: Kind = ""

    @property
    def wanted(self) -> str:
        """All words that say what is wanted: the directive, and the details where the material is such."""
        return f"{self.directive}: {self.material}" if self.kind == "details" else self.directive


def read_request(text: str) -> Request:
    """Split a request at the colon, fence or blank line that ends the asking; a text or code is left untouched."""
    text = text.strip()
    fence = _FENCE.search(text)
    if fence:
        directive = f"{text[: fence.start()].strip()} {text[fence.end() :].strip()}".strip()
        asked = one_spaced(directive.rstrip(":").strip())
        return Request(asked or "Explain this code", fence[1].rstrip(), "code")
    cut = _colon(text) or _paragraph(text)
    if cut is None:
        return Request(one_spaced(text))
    directive, material = one_spaced(text[: cut[0]].strip()), textwrap.dedent(text[cut[1] :]).strip()
    if not words(material):
        return Request(directive)
    kind = _kind(directive, material)
    return Request(directive, one_spaced(material) if kind == "details" else material, kind)


def one_spaced(text: str) -> str:
    """Return a text whose runs of spaces are one space: patterns then read it in time proportional to it."""
    return re.sub(r"[ \t]{2,}", " ", text)


def part_of(instruction: str, request: str) -> Request:
    """Return what one step is told as a request of its own, with the details of the whole where it has some."""
    whole = read_request(request)
    if instruction == request:
        return whole
    own = read_request(instruction)
    if own.material or whole.kind != "details" or whole.material in instruction:
        return own
    return Request(own.directive, whole.material, "details")


def _colon(text: str) -> tuple[int, int] | None:
    for match in islice(_COLON.finditer(text), _MOST_COLONS):
        before = text[: match.start()]
        if _inside(before):
            continue
        if opens_with_command(before) or any(word.lower() in COMMANDS for word in words(before)[:12]):
            return match.start(), match.end()
    return None


def _inside(before: str) -> bool:
    """Return whether the end of `before` lies inside brackets or backticks, as in `f(a: int)`."""
    open_brackets = any(before.count(one) > before.count(other) for one, other in ("()", "[]", "{}"))
    return open_brackets or before.count("`") % 2 == 1


def _paragraph(text: str) -> tuple[int, int] | None:
    match = re.search(r"\n\s*\n", text)
    if match and opens_with_command(text) and len(words(text[match.end() :])) >= _MIN_TEXT_WORDS:
        return match.start(), match.end()
    return None


def _kind(directive: str, material: str) -> Kind:
    if looks_like_code(material):
        return "code"
    about_it = _DEIXIS.search(directive) or re.match(
        r"\s*(?:tl;?dr|summar|translate|paraphrase)", directive, re.IGNORECASE
    )
    return "text" if about_it or len(words(material)) > 4 * _MIN_TEXT_WORDS else "details"


def looks_like_code(text: str) -> bool:
    """Return whether a text is source code: it parses as Python with a statement of weight, or its lines look so."""
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and sum(bool(_CODE_LINE.match(line)) for line in lines) * 12 >= len(lines):
        return True
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.Assign | ast.For | ast.While | ast.If | ast.With) for node in body)


def bare(clause: str) -> str:
    """Return a clause without its greetings, politeness and connectives."""
    return _PLEASE.sub("", clause.strip()).strip(" ,")


def opens_with_command(clause: str) -> bool:
    """Return whether a clause is an order: its first word, after politeness, is a command."""
    first = words(bare(clause[:_AHEAD]))[:1]
    return bool(first) and first[0].lower() in COMMANDS


def clauses(directive: str) -> list[str]:
    """Return the orders and questions of a directive in order; words that belong to one stay with it.

    "Summarise this text and write a function, with a test" has two; "Compare apples and pears" has one.
    """
    found: list[str] = []
    for part in _ENDS.split(directive):
        pieces = _pieces(part.strip())
        if pieces and found and _belongs(pieces[0], found[-1]):
            before = found[-1] if found[-1].endswith(("?", "!", ":")) else f"{found[-1].rstrip(' ,;.')}."
            found[-1] = f"{before} {pieces.pop(0)}"
        found += pieces
    return [clause.strip(" ,;.") if not clause.endswith("?") else clause for clause in found if words(clause)]


def _pieces(part: str) -> list[str]:
    """Cut one sentence at every joint that is followed by a new order with an object of its own."""
    pieces: list[str] = []
    start = 0
    for joint in _JOINTS.finditer(part):
        rest, before = part[joint.end() : joint.end() + _AHEAD], part[start : joint.start()]
        if opens_with_command(rest) and len(words(bare(before))) > 1 and len(words(rest)) > 1:
            pieces.append(before.strip())
            keep_then = "then" in joint[0].lower()
            start = joint.start() + joint[0].lower().find("then") if keep_then else joint.end()
    return [piece for piece in [*pieces, part[start:].strip()] if piece]


def _belongs(piece: str, before: str) -> bool:
    """Return whether a piece only tells more of the order or question before it: a statement, or "Answer briefly"."""
    if _MANNER.match(piece):
        return True
    if opens_with_command(piece) or piece.endswith("?"):
        return False
    return opens_with_command(before) or len(words(piece)) <= _STUMP_WORDS
