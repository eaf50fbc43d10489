"""What a site's templates read: site.json, made from what a request asks for."""

import json
import zlib
from dataclasses import asdict, dataclass
from typing import Any

from agents.text.site import SiteWish
from agents.text.site_parts import Field, Records, Section, identifier
from agents.text.site_words import NAMELESS, site_words

HUES = 6  # in style.css


@dataclass(frozen=True)
class SiteFunction:
    """A tested function that the site offers: its module beside the app, its name, its parameters."""

    module: str
    name: str
    parameters: tuple[Field, ...]


def site_content(wish: SiteWish, *, function: SiteFunction | None = None) -> dict[str, Any]:
    """Return the content of site.json; its texts are plain text, whoever shows them escapes them."""
    words = site_words(wish.language)
    notes = [words["made"]] if any(one.written_by for one in wish.sections) else []
    notes += [_how_to_call(function)] if function else []
    return {
        "title": _printable(wish.title),
        "tagline": _printable(wish.tagline),
        "language": wish.language,
        "hue": zlib.crc32(wish.title.encode()) % HUES,
        "sections": [_section(one) for one in wish.sections],
        "records": _records(wish.records) if wish.records else None,
        "tool": _tool(wish, function) if function else None,
        "api": f"api/{_slug(wish.records.many)}" if wish.records else "",
        "footer": " ".join(notes),
        "words": words,
    }


def _section(one: Section) -> dict[str, Any]:
    return {
        "heading": _printable(one.heading),
        "texts": [_printable(text) for text in one.texts],
        "points": [_printable(point) for point in one.points],
    }


def _records(records: Records) -> dict[str, Any]:
    return {
        "title": _printable(records.many[:1].upper() + records.many[1:]),
        "one": _printable(records.one),
        "slug": _slug(records.many),
        "fields": [asdict(one) for one in records.fields],
    }


def _tool(wish: SiteWish, function: SiteFunction) -> dict[str, Any]:
    return {
        "module": function.module,
        "function": function.name,
        "slug": _slug(function.name),
        "label": _printable(wish.title),
        "parameters": [asdict(one) for one in function.parameters],
    }


def _how_to_call(function: SiteFunction) -> str:
    body = json.dumps({one.name: "…" for one in function.parameters}, ensure_ascii=False)
    return f"API: POST api/{_slug(function.name)} {body}"


def _slug(said: str) -> str:
    """Return a piece of an address: lower-case letters, digits and dashes."""
    return NAMELESS.sub("-", identifier(said).replace("_", " ")).strip("-") or "items"


def _printable(text: str) -> str:
    """Return a text without control characters and without halves of characters."""
    whole = text.encode("utf-8", "ignore").decode()
    return "".join(one for one in whole if one.isprintable() or one == "\n").strip()
