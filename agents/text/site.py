"""Read a request for a site: its title, what it shows, keeps and computes, and the kind of site that fits."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.text.interface import function_name, interface
from agents.text.request import Request, bare, clauses, read_request
from agents.text.site_kind import SITE_NOUNS, Chosen, asks_for_site, asks_to_go_online, template_of
from agents.text.site_parts import (
    MOST_SECTIONS,
    Records,
    Section,
    function_of,
    records_of,
)
from agents.text.site_sections import ARTICLE, details, heading, paragraphs, short
from agents.text.site_words import language_code
from agents.text.words import STOPWORDS, content_words, key_terms, words

LONGEST_TITLE, LONGEST_TAGLINE = 60, 160


@dataclass(frozen=True)
class SiteWish:
    """What is asked for; `function` is what a function of it shall do, "" where it needs none."""

    chosen: Chosen
    title: str
    tagline: str
    language: str
    sections: tuple[Section, ...] = ()
    records: Records | None = None
    function: str = ""


_STYLE = frozenset(
    [
        "small",
        "simple",
        "nice",
        "beautiful",
        "tiny",
        "little",
        "basic",
        "responsive",
        "modern",
        "static",
        "web",
        "single",
        "one-page",
        "onepage",
        "flask",
        "fastapi",
        "django",
        "node",
        "nodejs",
        "express",
        "python",
        "html",
        "css",
        "landing",
        "rest",
        "json",
        "http",
        "plain",
        "pretty",
        "clean",
        "minimal",
        "new",
        "good",
        "great",
        "quick",
        "fast",
        "short",
        "personal",
        "public",
        "accessible",
        "mobile",
        "javascript",
        "typescript",
        "sqlite",
        "small,",
        "simple,",
        "friendly",
        "elegant",
        "lovely",
        "kleine",
        "einfache",
        "petit",
        "petite",
        "pequeña",
        "sencilla",
    ]
)
_HEAD = re.compile(
    rf"^(?P<before>.{{0,120}}?)\b(?P<noun>{SITE_NOUNS})\b(?P<rest>.*)$", re.IGNORECASE | re.DOTALL
)
_NAME = re.compile(
    r"\b(?i:called|named|titled|entitled|with the (?:title|name|heading)|namens|appelée?|llamad[ao])\s*:?\s*"
    r"(?:[\"“”'‘«](?P<quoted>[^\"“”’»\n]{1,80})[\"“”'’»]|(?P<plain>[^\s,.;:]+(?: (?=[A-Z0-9&])[^\s,.;:]+){0,5}))"
)
_TOPIC = re.compile(
    r"\b(?:about|on|for|of|over|regarding|über|für|sur|pour|sobre|para)\s+(?:an?\s+|the\s+|my\s+|our\s+|ein\w*\s+|une?\s+|un\w?\s+)?(?P<topic>[^.;:,\n]+?)"
    r"(?=\s+(?:with|that|which|where|using|in|and|by|mit|avec|con|called|named|und|et|y)\b|[.;:,\n]|$)",
    re.IGNORECASE,
)
_SHOWS = re.compile(
    r"\b(?:that|which|to|and|it|with)?\s*(?:shows?|lists?|displays?|presents?|says?|introduces?|explains?|describes?|contains?|has|have|includes?|including|with|featuring|zeigt|affiche|muestra)\s+(?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_PARTS = re.compile(r"\s*(?:,\s*(?:and\s+|und\s+|et\s+|y\s+)?|\band\b|\bund\b|\bet\b)\s*", re.IGNORECASE)
_SIDE = re.compile(
    r"\b(?:tests?|dark mode|responsive|accessible|html|css|flask|django|fast ?api|node|python|title|heading|called|named)\b",
    re.IGNORECASE,
)


def read_site(request: str) -> SiteWish:
    """Return what site a request asks for; any request gives one."""
    read = read_request(request)
    directive = _asking(read)
    wanted = f"{directive}: {read.material}" if read.kind == "details" else directive
    records = records_of(directive)
    function = "" if records else function_of(directive) or _named_function(directive)
    sections = _sections(read, directive, busy=bool(records or function))
    title = _title(read, directive, records, function, sections)
    return SiteWish(
        template_of(wanted, records=records is not None, function=bool(function)),
        title,
        _tagline(directive, records, function, title),
        language_code(request),
        sections,
        records,
        function,
    )


def _named_function(directive: str) -> str:
    """Return what the function does that the order itself names: "write is_even(n) ..."."""
    face = interface(directive)
    return face.does if face.named and re.search(r"\bfunctions?\b|\w\(", directive) else ""


def _asking(read: Request) -> str:
    """Return the orders that say what to build, without those that say to put it online."""
    found = [bare(one) for one in clauses(read.directive)]
    kept = [one for one in found if not (asks_to_go_online(one) and not asks_for_site(_unshipped(one)))]
    return ". ".join(_unshipped(one) for one in kept or found)


def _unshipped(clause: str) -> str:
    return re.sub(
        r",?\s*(?:and|then|und|et|y)\s+(?:then\s+)?(?:deploy|publish|ship|host|release|put|make|bring|give|send|tell|veröffentlich|stell|publie)\w*\b.*$"
        r"|^(?:deploy|publish|host)\s+",
        "",
        clause,
        flags=re.IGNORECASE,
    )


def _topic(directive: str) -> str:
    """Return what it is about: before the noun ("a recipe website") or after ("a page about tide pools")."""
    head = _HEAD.match(directive)
    if not head:
        return ""
    found = _TOPIC.search(head["rest"])
    if found:
        return ARTICLE.sub("", found["topic"].strip())
    before = [w for w in words(head["before"])[1:] if w.lower() not in STOPWORDS | _STYLE | {"me", "us"}]
    return " ".join(before[-3:])


def _title(
    read: Request, directive: str, records: Records | None, function: str, sections: Sequence[Section]
) -> str:
    named = _NAME.search(directive)
    said = [
        (named["quoted"] or named["plain"]) if named else "",
        records.title if records else "",
        _imperative(function),
        "" if records or function else _topic(directive),
        _subject(read.material) if read.kind == "text" else "",
        sections[0].heading if sections else "",
        " ".join(content_words(directive)[:5]),
    ]
    title = short(next((one.strip() for one in said if one.strip()), "Hello"), LONGEST_TITLE)
    return title[:1].upper() + title[1:]


def _imperative(function: str) -> str:
    """Return "Count the words of a text" for what counts them, "Word count of a text" for what returns it."""
    verb, _, rest = function.partition(" ")
    if re.fullmatch(r"(?:returns?|gives?|tells?)", verb, re.IGNORECASE):
        return ARTICLE.sub("", rest)
    return f"{function_name(verb)} {rest}".strip() if function else ""


def _subject(text: str) -> str:
    """Return the two words that stand side by side most often in a text, else its most frequent word."""
    found = content_words(text)
    pairs = [f"{one} {other}" for one, other in itertools.pairwise(found)]
    best = max(dict.fromkeys(pairs), key=pairs.count, default="")
    return best if pairs.count(best) > 1 else next((word for word, _ in key_terms(text, limit=1)), "")


def _tagline(directive: str, records: Records | None, function: str, title: str) -> str:
    if records:
        fields = [one.label.lower() for one in records.fields]
        listed = ", ".join(fields[:-1]) + (f" and {fields[-1]}" if len(fields) > 1 else fields[0])
        return short(f"A list of {records.many} with {listed}.", LONGEST_TAGLINE)
    if function:
        return short(f"{function[:1].upper()}{function[1:]}.", LONGEST_TAGLINE)
    head = _HEAD.match(directive)
    rest = _NAME.sub("", head["rest"]) if head else directive
    said = re.sub(
        r"^\W*(?:that|which|where|for|about|with|to|über|sur|sobre)\s+", "", rest.strip(), flags=re.IGNORECASE
    )
    plain = re.sub(r"\s+(?=[,.;:])", "", " ".join(said.split())).strip(" ,.:;") or title
    return short(f"{plain[:1].upper()}{plain[1:]}", LONGEST_TAGLINE)


def _sections(read: Request, directive: str, *, busy: bool) -> tuple[Section, ...]:
    """Return the parts of the page: those the order names, filled with what stands behind its colon."""
    named = () if busy else _named(directive)
    if read.kind in {"text", "code"}:
        subject = _subject(read.material) or "Text"
        return (Section(subject[:1].upper() + subject[1:], tuple(paragraphs(read.material))),)
    if read.kind != "details":
        return tuple(Section(one) for one in named)
    given = details(read.material)
    loose = tuple(one for said, one in given if not said)
    headed = [Section(heading(said), (text,)) for said, text in given if said]
    first = (
        [Section(named[0] if named else heading(_topic(directive) or "About"), points=loose)] if loose else []
    )
    return (*first, *headed)[:MOST_SECTIONS]


def _named(directive: str) -> tuple[str, ...]:
    head = _HEAD.match(directive)
    rest = _NAME.sub("", head["rest"]) if head else directive
    found = _SHOWS.search(rest)
    if not found:
        topic = _topic(directive)
        return (heading(topic),) if topic else ()
    parts = [ARTICLE.sub("", part.strip()) for part in _PARTS.split(found["rest"].strip(" .,;"))]
    kept = [part for part in parts if words(part) and not _SIDE.search(part)]
    return tuple(dict.fromkeys(heading(part) for part in kept))[:MOST_SECTIONS]
