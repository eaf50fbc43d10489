"""A web page in pieces, and its text as a reader sees it: no markup, no scripts, nothing hidden by an attribute; pure.

One pass, whose time grows with the page's length alone: the standard library's parser looks for the end of every broken
tag anew, and a page of them would keep a worker for hours. As in a browser, what has no end takes the rest of the page.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

SILENT = frozenset({"script", "style", "noscript", "template", "svg", "head"})
RAW = ("script", "style")  # in them nothing is markup but their own end
RAW_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in RAW}
BREAKS = frozenset(
    {"p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "pre"}
)
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
# Nothing in these goes back over what it took (++, *+): a text that does not fit is found out in one go.
TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]++|=\s*+"[^"]*+"|=\s*+'[^']*+'|=)*+)>""")
ATTRIBUTE = re.compile(r"""([^\s=/>"']++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s>]*+))?+""")
MARK = re.compile(r"<(?=[a-zA-Z/!?])")
LONG_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{12,}+;?")  # no character has one


class Piece(NamedTuple):
    """A tag with the text before it, as it stands there; after the last tag the text alone, with no tag.

    What stands in a script or style is in no piece.
    """

    text: str
    closes: bool
    tag: str
    attributes: str

    @property
    def opens(self) -> bool:
        """Whether it begins an element that holds something."""
        return (
            bool(self.tag) and not self.closes and self.tag not in VOID and not self.attributes.endswith("/")
        )


def as_text(html: str) -> str:
    """Return what a page says to a reader, line by line."""
    lines = (" ".join(line.split()) for line in "".join(_visible(html)).splitlines())
    return "\n".join(line for line in lines if line)


def _visible(html: str) -> Iterator[str]:
    """Yield visible text and line breaks. `silent` is the element that hides what follows, `depth` how often it is open."""
    silent, depth = "", 0
    for piece in pieces(html):
        if not silent:
            yield plain(piece.text)
            yield "\n" if piece.tag in BREAKS else ""
        if not silent and piece.opens and (piece.tag in SILENT or _hidden(attributes(piece))):
            silent, depth = piece.tag, 1
        elif silent and piece.tag == silent:
            depth += 1 if piece.opens else -1 if piece.closes else 0
            silent = silent if depth else ""


def plain(text: str) -> str:
    """Return a text with its character references read."""
    return unescape(LONG_NUMBER.sub("\N{REPLACEMENT CHARACTER}", text))


def attributes(piece: Piece) -> dict[str, str]:
    """Return the attributes of a tag by name, in small letters; one without a value has ""."""
    return {name.lower(): plain(_bare(value)) for name, value in ATTRIBUTE.findall(piece.attributes)}


def pieces(html: str) -> Iterator[Piece]:
    """Yield the pieces of a page."""
    here = 0
    while mark := MARK.search(html, here):
        tag = TAG.match(html, mark.start())
        after = tag.end() if tag else _after_remark(html, mark.start())
        text = html[here : mark.start()]
        piece = Piece(text, bool(tag[1]), tag[2].lower(), tag[3]) if tag else Piece(text, False, "", "")
        yield piece
        if piece.opens and piece.tag in RAW:
            end = RAW_ENDS[piece.tag].search(html, after)
            after = end.start() if end else len(html)
        here = after
    yield Piece(html[here:], False, "", "")


def _after_remark(html: str, start: int) -> int:
    """Return where a comment, a declaration or a broken tag is over."""
    end = "-->" if html.startswith("<!--", start) else ">"
    found = html.find(end, start + 2)
    return len(html) if found < 0 else found + len(end)


def _bare(value: str) -> str:
    return value[1:-1] if value[:1] in {'"', "'"} and value[:1] == value[-1:] else value


def _hidden(told: dict[str, str]) -> bool:
    return "hidden" in told or told.get("aria-hidden") == "true"
