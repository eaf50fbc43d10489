"""What stands behind the colon of a request, as headings, paragraphs and points of a page."""

import re

from agents.text.site_parts import LONGEST_HEADING
from agents.text.words import sentences

LONGEST_TEXT = 2_000  # characters

ARTICLE = re.compile(
    r"^(?:(?:an?|the|my|our|its|some|also|sections? (?:for|on|about|with)|der|die|das|eine?n?|le|la|les|une?|el|los|las)\s+)+",
    re.IGNORECASE,
)
_HEADED = re.compile(r"^(?P<heading>[^:\n]{2,60}):\s+(?P<text>.+)$", re.DOTALL)
_ITEM = re.compile(r"^(?:[-*•]|\d+[.)])\s*")


def heading(said: str) -> str:
    """Return what was said as a heading."""
    plain = short(" ".join(ARTICLE.sub("", said).split()), LONGEST_HEADING)
    return plain[:1].upper() + plain[1:]


def details(material: str) -> list[tuple[str, str]]:
    """Return (heading, text) of each item behind the colon; "" as heading where it has none."""
    rows = [row for row in re.split(r"\n+|;\s+", material) if row.strip()]
    if len(rows) == 1 and not _HEADED.match(rows[0]):
        rows = sentences(rows[0])
    if len(rows) == 1 and rows[0].count(",") > 1:
        rows = rows[0].split(",")
    found = []
    for row in rows[:50]:
        plain = _ITEM.sub("", row.strip()).strip()
        headed = _HEADED.match(plain)
        found.append((headed["heading"], headed["text"]) if headed else ("", plain.strip(" .,")))
    return [(said, short(text, LONGEST_TEXT)) for said, text in found if text.strip()]


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text; one long one is cut into groups of sentences that read well."""
    blocks = [" ".join(block.split()) for block in re.split(r"\n\s*\n", text) if block.strip()]
    if len(blocks) > 1:
        return [short(block, LONGEST_TEXT) for block in blocks[:50]]
    found = sentences(text)
    return [
        short(" ".join(found[start : start + 4]), LONGEST_TEXT) for start in range(0, min(len(found), 200), 4)
    ]


def short(text: str, limit: int) -> str:
    """Return a text of so many characters at the most."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
