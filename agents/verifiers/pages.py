"""Read a page as a browser and a screen reader would: what is wrong with it, and where it leads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

_ALONE = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
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


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page, self._open = Page(), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.page.tags.append(tag)
        if tag not in _ALONE:
            self._open.append(tag)
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
            page.inputs.append((told.get("id", ""), bool(told.get("aria-label") or "label" in self._open)))

    def _linked(self, tag: str, told: dict[str, str]) -> None:
        if tag == "a" and told.get("href"):
            self.page.links.append(told["href"])
        address = told.get(_LOADS.get(tag, ""), "")
        if address:
            self.page.links.append(address)
            parts = urlsplit(address)
            self.page.foreign += [address] if parts.netloc or parts.scheme not in {"", "data"} else []

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open[-1] != tag and self._open[-1] in _OPTIONAL:
            self._open.pop()
        if self._open and self._open[-1] == tag:
            self._open.pop()
        elif tag not in _ALONE:
            self.page.unclosed.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["title"]:
            self.page.title += data.strip()
        if not {"script", "style"} & set(self._open[-1:]):
            self.page.text += data

    def whole(self) -> Page:
        """Return the page once everything was read."""
        self.close()
        self.page.unclosed += [f"<{tag}>" for tag in self._open if tag not in _OPTIONAL]
        return self.page


def read_page(html: str) -> Page:
    """Return what stands on a page."""
    reader = _Reader()
    reader.feed(html)
    return reader.whole()


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
