"""The parts of a site that are written, not filled in: its function with a test, and texts nobody gave.

Templates used: those of `coding` for the function, "section" (heading, title) for a text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agents.contract import Evidence, ModelUnavailable
from agents.crafts.asking import Asker
from agents.crafts.coding import Piece, fault_of, known_function, write_function
from agents.text import grammars
from agents.text.interface import Interface, interface
from agents.text.site import SiteWish
from agents.text.site_content import SiteFunction
from agents.text.site_parts import Field, Section, identifier
from agents.text.site_words import site_words
from agents.verifiers import prose, weights
from agents.verifiers.finding import finding

LINES = 3  # of a text that the model writes
MOST_WRITTEN = 4  # sections
RESERVED = frozenset(
    ["app", "content", "store", "cases", "site", "config", "manage", "test_app"]
)  # modules of the templates
# What only its owner knows: a model that fills it in would invent it.
_OWNERS = re.compile(
    r"\b(?:contact|address|hours|prices?|menu|phone|e-?mail|team|booking|events?|dates?|testimonials?|imprint|jobs?|location|"
    r"we offer|our (?:\w+ )?(?:story|services|products))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Offered:
    """A function for the site: what the site must know of it, its files, its checks; `None` where it cannot be trusted."""

    function: SiteFunction | None
    files: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()


def offered(ask: Asker, wish: SiteWish, request: str) -> Offered:
    """Write the function the site is about and its test; one that fails its checks is left out, and that is said."""
    if not wish.function:
        return Offered(None)
    face = _face(f"Write a Python function that {wish.function}", request)
    try:
        piece, why = write_function(ask, face, request=request), ""
    except ModelUnavailable as away:
        piece, why = None, str(away)
    if piece is None or not _trusted(piece):
        why = (fault_of(piece) or piece.trial.reason) if piece else why
        piece = known_function(ask, face)
    if piece is None or not _trusted(piece):
        return left_out(wish, why)
    module = f"{face.name}_function" if face.name in RESERVED else face.name
    files = {f"{module}.py": piece.code}
    if piece.tests:
        files[f"test_{module}.py"] = piece.tests.replace(f"from {face.name} import", f"from {module} import")
    there = finding("what it shall do is in it", passed=True, weight=weights.UNASKED)
    known = SiteFunction(module, face.name, tuple(_parameter(*one) for one in face.parameters))
    return Offered(known, files, (*piece.evidence, there), (_told(piece, face),))


def _trusted(piece: Piece) -> bool:
    """Return whether a function passes tests that somebody else than its writer named."""
    tested = bool(piece.trial.report.get("tests", {}).get("ran"))
    return piece.sound and piece.trial.ran and tested


def _face(order: str, request: str) -> Interface:
    """Return the interface of the function; a name the request itself gives is kept, with its examples."""
    whole = interface(request)
    return whole if whole.named else interface(order)


def _parameter(name: str, kind: str) -> Field:
    plain = kind.partition("[")[0]
    known = (
        plain
        if plain in {"str", "int", "float", "bool", "list"}
        else "list"
        if plain in {"tuple", "set"}
        else "str"
    )
    return Field(identifier(name) or "value", name.replace("_", " ").capitalize(), known)


def _told(piece: Piece, face: Interface) -> str:
    ran = piece.trial.report.get("tests", {}).get("ran", 0)
    checked = (
        f"passes {ran} of {ran} tests, which follow from {piece.judge}"
        if ran
        else "runs; what it returns is unchecked"
    )
    return f"`{face.name}` was written by {piece.origin} and {checked}."


def left_out(wish: SiteWish, why: str) -> Offered:
    """Return no function, and why: the site goes on without it and says so."""
    if not wish.function:
        return Offered(None)
    missing = finding("what it shall do is in it", passed=False, weight=weights.UNASKED, detail=why)
    note = f"**Left out**: no function that {wish.function} passed its checks ({why}). The site says what it is about and offers the rest."
    return Offered(None, {}, (missing,), (note,))


def written(ask: Asker, wish: SiteWish) -> tuple[SiteWish, tuple[Evidence, ...], tuple[str, ...]]:
    """Give each section without a text one: the model's, marked as such, or a sentence that says it is to be filled in."""
    yours = site_words(wish.language)["yours"]
    sections: list[Section] = []
    for one in wish.sections:
        filled = one
        if one.empty and _may_write(ask, wish, one, sum(bool(part.written_by) for part in sections)):
            filled = _written(ask, wish, one)
        sections.append(replace(filled, texts=(yours,)) if filled.empty else filled)
    made = [one.heading for one in sections if one.written_by]
    if not made:
        return replace(wish, sections=tuple(sections)), (), ()
    unsure = finding(
        "its texts have a source", passed=False, weight=weights.UNSOURCED, detail=", ".join(made)
    )
    note = f"The text under {', '.join(f'“{one}”' for one in made)} was written by {sections[0].written_by or 'a model'} and is not checked; the page says so."
    return replace(wish, sections=tuple(sections)), (unsure,), (note,)


def _may_write(ask: Asker, wish: SiteWish, one: Section, so_far: int) -> bool:
    known = wish.language == "en" or ask.capable("chat")
    return known and so_far < MOST_WRITTEN and not _OWNERS.search(one.heading)


def _written(ask: Asker, wish: SiteWish, one: Section) -> Section:
    try:
        reply = ask(
            "section",
            heading=one.heading,
            title=wish.title,
            count=LINES,
            grammar=grammars.lines(LINES),
            max_output_tokens=60 * LINES,
            temperature=0.3,
            task_kind="chat",
        )
    except ModelUnavailable:
        return one
    lines = tuple(
        line for line in grammars.read_lines(reply.text, limit=LINES) if line.rstrip().endswith((".", "!"))
    )
    text = " ".join(lines)
    checks = (prose.complete(reply), prose.repetition(text))
    ask.bench.judge(checks)
    sound = bool(lines) and all(check.passed for check in checks) and len(set(lines)) == len(lines)
    return replace(one, points=lines, written_by=reply.model) if sound else one
