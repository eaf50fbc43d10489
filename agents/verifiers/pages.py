"""Read a page as a browser and a screen reader would: what is wrong with it, and where it leads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from agents.text.markup import VOID, Piece, attributes, pieces, plain

_OPTIONAL = frozenset(
    ["p", "li", "td", "th", "tr", "tbody", "thead", "option", "dt", "dd"]
)  # HTML lets these end by themselves
_LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src", "audio": "src", "form": "action"}  # fmt: skip
_TYPED = frozenset({"hidden", "submit", "button", "image", "reset"})


@dataclass
class Page:
    """What stands on a page."""

    language: str = ""
    title: str = ""
    headings: list[int] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    inputs: list[tuple[str, bool]] = field(default_factory=list)  # id, and whether something else names it
    labelled: set[str] = field(default_factory=set)
    without_alt: int = 0
    described: bool = False
    scaled: bool = False
    unclosed: list[str] = field(default_factory=list)
    text: str = ""


class _Reader:
    """Reads a page piece by piece; how long that takes grows with the page alone, whatever stands in it."""

    def __init__(self) -> None:
        self.page = Page()
        self._open = list[str]()
        self._labels = 0  # of those that are open
        self._text, self._title = list[str](), list[str]()

    def read(self, piece: Piece) -> None:
        """Take one piece."""
        self._said(plain(piece.text))
        if piece.closes:
            self._closed(piece.tag)
        elif piece.tag:
            self._began(piece.tag, attributes(piece))
            if piece.opens:
                self._open.append(piece.tag)
                self._labels += piece.tag == "label"

    def whole(self) -> Page:
        """Return the page once everything was read."""
        page = self.page
        page.text, page.title = "".join(self._text), "".join(self._title)
        page.unclosed += [f"<{tag}>" for tag in self._open if tag not in _OPTIONAL]
        return page

    def _began(self, tag: str, told: dict[str, str]) -> None:
        self.page.tags.append(tag)
        if tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            self.page.headings.append(int(tag[1]))
        self._noted(tag, told)
        self._linked(tag, told)

    def _noted(self, tag: str, told: dict[str, str]) -> None:
        page = self.page
        page.ids += [told["id"]] if told.get("id") else []
        if tag == "html":
            page.language = told.get("lang", "")
        elif tag == "meta":
            page.described |= told.get("name") == "description" and bool(told.get("content"))
            page.scaled |= told.get("name") == "viewport"
        elif tag == "img":
            page.without_alt += "alt" not in told
        elif tag == "label":
            page.labelled.add(told.get("for", ""))
        elif tag in {"input", "select", "textarea"} and told.get("type") not in _TYPED:
            page.inputs.append((told.get("id", ""), bool(told.get("aria-label") or self._labels)))

    def _linked(self, tag: str, told: dict[str, str]) -> None:
        if tag == "a" and told.get("href"):
            self.page.links.append(told["href"])
        address = told.get(_LOADS.get(tag, ""), "")
        if address:
            self.page.links.append(address)
            self.page.foreign += [address] if _leads_away(address) else []

    def _closed(self, tag: str) -> None:
        while self._open and self._open[-1] != tag and self._open[-1] in _OPTIONAL:
            self._open.pop()
        if self._open and self._open[-1] == tag:
            self._open.pop()
            self._labels -= tag == "label"
        elif tag not in VOID:
            self.page.unclosed.append(f"</{tag}>")

    def _said(self, text: str) -> None:
        if self._open[-1:] == ["title"]:
            self._title.append(text.strip())
        self._text.append(text)


def read_page(html: str) -> Page:
    """Return what stands on a page."""
    reader = _Reader()
    for piece in pieces(html):
        reader.read(piece)
    return reader.whole()


def _leads_away(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:  # no address at all, so none of this page's
        return True
    return bool(parts.netloc) or parts.scheme not in {"", "data"}


def page_faults(html: str) -> list[str]:
    """Return what is wrong with a page, for those who read it by eye, by ear or on a small screen."""
    page = read_page(html)
    named = page.labelled - {""}
    nameless = [one for one, otherwise in page.inputs if not otherwise and one not in named]
    found = (
        (not html.lstrip().lower().startswith("<!doctype html>"), "no doctype"),
        (not page.language, "no language"),
        (not page.title, "no title"),
        (not page.described, "no description"),
        (not page.scaled, "no viewport for small screens"),
        (page.headings.count(1) != 1, f"{page.headings.count(1)} first headings"),
        (_leaps(page.headings), "headings leave a level out"),
        (page.tags.count("main") != 1, "no main part"),
        (page.without_alt > 0, f"{page.without_alt} pictures without text"),
        (bool(nameless), f"{len(nameless)} inputs without a label"),
        (len(set(page.ids)) < len(page.ids), "an id twice"),
        (bool(page.unclosed), f"tags that do not match: {', '.join(page.unclosed[:3])}"),
    )
    return [fault for wrong, fault in found if wrong]


def _leaps(levels: Sequence[int]) -> bool:
    return any(after > before + 1 for before, after in zip([0, *levels], levels, strict=False))


def rooted(html: str) -> list[str]:
    """Return the links that would not work below a prefix: those that begin at the root of the host."""
    return [link for link in read_page(html).links if link.startswith("/") and not link.startswith("//")]


def foreign(html: str) -> list[str]:
    """Return what the page would load from, or send to, other hosts."""
    return read_page(html).foreign
