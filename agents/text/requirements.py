"""Find the requirements of a request in its own words: what it shall do, take and give, its limits, risks and gaps."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from agents.text.request import Request, bare, clauses, opens_with_command
from agents.text.words import sentences, words

Kind = Literal["functional", "constraint", "input", "output", "quality"]


@dataclass(frozen=True)
class Requirement:
    """One thing that is wanted; `phrase` stands in the request word for word."""

    id: str
    kind: Kind
    text: str
    phrase: str


@dataclass(frozen=True)
class Note:
    """A risk or an open question and the words that raised it ("" where it is what was not said)."""

    text: str
    phrase: str = ""


_BREAKS = re.compile(
    r",?\s+(?=(?:with|including|using|without|within|so that|such that|that|which|where|while|but|and (?:it )?(?:must|should|has to|needs to|can)|"
    r"at (?:most|least)|in (?:under|less than|at most)|returning|given|written in|ignoring|sorted by)\b)|;\s*|\s+[–—-]\s+|,\s+(?=and\b)|,\s+",
    re.IGNORECASE,
)
# "Each book has a title, an author" and "loans must be returned within 30 days" are one statement each.
_OWNS = re.compile(
    r"\b(?:has|have) (?:an?|its|the|one)\b|^(?:\w+ ){1,3}(?:must|should|may|can)\b", re.IGNORECASE
)
_LISTED_WORDS, _ITEM_WORDS = 4, 6
_AND = re.compile(r"\s+and\s+|,\s*(?:and\s+)?", re.IGNORECASE)
_KINDS: tuple[tuple[Kind, str], ...] = (
    (
        "quality",
        r"\b(?:tests?|tested|documented|documentation|docstrings?|type hints?|readable|maintainable|secure|accessible|reliable|robust|fast|quick|scalable|simple)\b",
    ),
    (
        "output",
        r"\b(?:returns?|returning|outputs?|produces?|yields?|prints?|as (?:a |an )?(?:json|csv|list|table|string|dict\w*))\b",
    ),
    (
        "input",
        r"^(?:given|takes|taking|accepts|reads|from (?:a|an|the) (?:file|csv|url|list|database))\b|\b(?:takes|accepts) ",
    ),
    (
        "constraint",
        (
            r"^(?:without|within|using|at most|at least|only|in under|in less than|ignoring|written in|no\b|never)\b|"
            r"\b(?:must not|may not|at most|at least|no more than|less than|under \d|only|without|never|standard library|offline|gdpr|budget|deadline)\b|"
            r"\b\d+(?:[.,]\d+)?\s*(?:%|ms|s|sec\w*|minutes?|hours?|days?|weeks?|months?|kb|mb|gb|users?|requests?|euros?|dollars?|€|\$|rows?)\b|"
            r"^in (?:python|java|go|rust|sql|javascript|typescript|\d+)\b|\bby (?:monday|tuesday|wednesday|thursday|friday|the end|next|january|february|march|april|may|june|july|august|september|october|november|december)\b"
        ),
    ),
)
_RISKS: tuple[tuple[str, str], ...] = (
    (
        r"\b(?:e-?mails?|phone numbers?|addresses|names of (?:people|customers)|personal data|patients?|customers?|users?)\b",
        "Personal data: who may see it, how long is it kept, how is it deleted?",
    ),
    (
        r"\b(?:log ?in|sign ?up|passwords?|auth(?!or)\w*|accounts?|roles?|permissions?)\b",
        "Access: a fault here lets people see what is not theirs.",
    ),
    (
        r"\b(?:pay\w*|invoices?|checkout|credit cards?|billing|prices?|money)\b",
        "Money: wrong or doubled amounts cost more than a crash; each booking needs to be safe to repeat.",
    ),
    (
        r"\b(?:third[- ]party|external|webhooks?|https?://|scrap\w+|(?:stripe|slack|github|google|twitter|openai) ?(?:api)?)\b",
        "An outside service: it may be slow, change or be away, and what then?",
    ),
    (
        r"\b(?:migrat\w+|legacy|existing data(?:base)?|import\w*)\b",
        "Existing data: loss or half-moved records; a way back is needed.",
    ),
    (
        r"\b(?:real[- ]?time|live|concurren\w+|parallel|at the same time|thousands|millions|scal\w+|high traffic)\b",
        "Load: what works for one may not for many at once.",
    ),
    (
        r"\b(?:delet\w+|overwrit\w+|remov\w+ (?:files|records|users|accounts)|drop)\b",
        "Loss: what is deleted by mistake has to come back.",
    ),
    (
        r"\b(?:upload\w*|user[- ]generated|free text|html input|eval\w*|execute)\b",
        "Foreign input: it may be hostile and must be checked before it is used.",
    ),
    (
        r"\b(?:dates?|deadlines?|time ?zones?|schedul\w+|due|calendar|reminders?)\b",
        "Time: time zones, summer time and month ends.",
    ),
    (
        r"\b(?:words?|names?|texts?|sort\w*|search\w*|case)\b.*\b(?:count\w*|sort\w*|search\w*|compar\w+)|\bcount\w* .*\bwords?\b",
        "Language: what counts as a word or as equal depends on punctuation, case and script.",
    ),
)
_GAPS: tuple[tuple[str, str, str], ...] = (  # (asked where this occurs, unless this occurs, question)
    (r"\b(?:function|script|method|program)\b", r"\bempty|invalid|missing|error|raise|none\b", "What shall it do with empty or invalid input?"),
    (r"\b(?:function|script|method)\b", r"->|==|e\.g\.|for example|returns? ['\"\d\[{]", "Is there an example of an input and the result it must give?"),
    (r"\b(?:app|application|system|platform|website|shop|service|portal|dashboard|product)\b", r"\b(?:log ?in|auth(?!or)\w*|roles?|users?|public|admin\w*)\b", "Who uses it, and who may do what?"),
    (r"\b(?:app|application|system|platform|website|shop|service|api|portal|backend|database)\b", r"\b\d+\b.*\b(?:users|requests|rows|orders|per)\b|thousands|millions", "How many users, records and requests are expected?"),
    (r"\b(?:app|application|system|platform|website|shop|api|backend)\b", r"\b(?:postgres\w*|mysql|sqlite|database|mongo\w*|in[- ]memory|store in)\b", "Where is the data kept, and how long?"),
    (r"\b(?:app|application|system|platform|website|shop|service|project|migration|launch|rollout|roadmap)\b", r"\b(?:by|until|within|weeks?|months?|deadline|quarter)\b", "When must it be ready?"),
    (r"\b(?:deploy|release|ship|host)\w*\b", r"\b(?:aws|azure|gcp|render|heroku|docker|kubernetes|server|vps|fly\.io|cloud)\b", "Where shall it run?"),
    (r"\b(?:api|integrat\w+|webhook|connect)\b", r"\b(?:oauth|token|api key|bearer|public|basic auth|signature)\b", "How does the other side know who calls?"),
    (r"\b(?:fast|quick\w*|slow|scalab\w+|secure|user[- ]friendly|modern|simple|robust|efficient)\b", r"\b\d+\s*(?:ms|s|seconds|%|users)\b", "By which number is “{match}” measured?"),
)  # fmt: skip


def requirements(request: Request) -> list[Requirement]:
    """Return the requirements in order; every phrase stands in the request word for word."""
    found: list[Requirement] = []
    seen: set[str] = set()
    for phrase in _phrases(request):
        key = phrase.casefold()
        if key in seen or not words(phrase):
            continue
        seen.add(key)
        found.append(Requirement(f"R{len(found) + 1}", _kind(phrase), _sentence(phrase, request), phrase))
    return found


def _phrases(request: Request) -> Iterator[str]:
    for clause in clauses(request.directive):
        for sentence in sentences(bare(clause)):
            yield from _cut(sentence)
    if request.kind == "details":
        for sentence in sentences(request.material):
            item = re.sub(r"^(?:[-*•]|\d+[.)])\s*", "", sentence).strip(" ,.;")
            yield from [item] if len(words(item)) <= _ITEM_WORDS else _cut(item)


def _cut(clause: str) -> Iterator[str]:
    """Cut one order into its main part and what is attached to it; a list of things gives one part each."""
    clause = clause.strip(" ,.;")
    pieces = [clause] if _OWNS.search(clause) else [piece.strip(" ,.;") for piece in _BREAKS.split(clause)]
    listing = False
    for position, piece in enumerate(pieces):
        listing = bool(re.match(r"(?:with|including|such as)\b", piece, re.IGNORECASE)) or (
            listing and len(words(piece)) <= _LISTED_WORDS
        )
        parts = _AND.split(piece) if listing else [piece]
        for part in parts:
            plain = re.sub(
                r"^(?:with|including|such as|that|which|and|but|where)\s+(?:also\s+)?",
                "",
                part.strip(),
                flags=re.IGNORECASE,
            )
            if _says_something(plain, first=position == 0):
                yield plain


def _says_something(phrase: str, *, first: bool) -> bool:
    said = words(phrase)
    return (
        bool(said) and (len(said) > 1 or not first) and phrase.lower() not in {"it", "them", "also", "please"}
    )


def _kind(phrase: str) -> Kind:
    return next((kind for kind, pattern in _KINDS if re.search(pattern, phrase, re.IGNORECASE)), "functional")


def _sentence(phrase: str, request: Request) -> str:
    listed = re.search(
        rf"\bwith (?:[\w\s]+,)*\s*(?:[\w\s]+ and )?{re.escape(phrase)}", request.wanted, re.IGNORECASE
    )
    said = f"with {phrase}" if listed and not opens_with_command(phrase) else phrase
    return said[:1].upper() + said[1:] + "."


def risks(wanted: str) -> list[Note]:
    """Return the risks the words of a request bring with them, each with the words that raise it."""
    hits = ((text, re.search(pattern, wanted, re.IGNORECASE)) for pattern, text in _RISKS)
    return [Note(text, match[0]) for text, match in hits if match]


def gaps(wanted: str) -> list[Note]:
    """Return questions about what a request of this kind should say and does not."""
    found = []
    for pattern, unless, question in _GAPS:
        match = re.search(pattern, wanted, re.IGNORECASE)
        if match and not re.search(unless, wanted, re.IGNORECASE):
            found.append(Note(question.format(match=match[0].lower()), match[0]))
    return found
