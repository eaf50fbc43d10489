"""Fetch a page or a document from the public internet, through the guarded transport."""

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import httpx

from agents.contract.tools import Returned
from agents.tools.contract import Hands, Tool, ToolRefused, parameters
from miosa.http.guarded import BodyTooLarge, OutgoingRefused, TookTooLong, open_client

SILENT = frozenset({"script", "style", "noscript", "template", "svg", "head"})
BREAKS = frozenset(
    {"p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "pre"}
)
CLIENT_ERRORS = 400
HEADERS = {"User-Agent": "MIOSA", "Accept": "text/html, text/*, application/json;q=0.9, */*;q=0.1"}


def _fetch(arguments: Mapping[str, Any], _hands: Hands) -> Returned:
    url = arguments["url"]
    try:
        with open_client() as client:
            answer = client.get(url, headers=HEADERS)
    except (OutgoingRefused, BodyTooLarge, TookTooLong, httpx.HTTPError, httpx.InvalidURL) as error:
        raise ToolRefused(f"{url} could not be fetched: {error}") from error
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not _is_text(kind):
        raise ToolRefused(f"{url} is {kind or 'of no known kind'}, which is no text.")
    text = as_text(answer.text) if kind in {"text/html", "application/xhtml+xml"} else answer.text
    return Returned(
        f"HTTP {answer.status_code}\n{text}",
        ok=answer.status_code < CLIENT_ERRORS,
        origin=f"the web page {url}",
        data={"status": answer.status_code, "content_type": kind, "url": url},
    )


def _is_text(kind: str) -> bool:
    return (
        kind.startswith("text/") or kind.endswith(("json", "xml", "yaml")) or kind == "application/javascript"
    )


def as_text(html: str) -> str:
    """Return what a page says to a reader: no markup, no scripts, nothing that is hidden by an attribute."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.said).splitlines())
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    """Gathers visible text; `silent` counts how deep it is in what nobody sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BREAKS:
            self.said.append("\n")
        hidden = any(name == "hidden" or (name == "aria-hidden" and value == "true") for name, value in attrs)
        if (self._silent or tag in SILENT or (hidden and tag not in VOID)) and tag not in VOID:
            self._silent.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent.pop() != tag:
                continue
        elif tag in BREAKS:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(data)


VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
TOOLS = (
    Tool(
        "fetch_page",
        "Fetch a public web page or document by its https address and return its text.",
        parameters(("url",), url={"type": "string", "minLength": 9, "maxLength": 2_000}),
        _fetch,
        timeout_s=30,
        seen="url",
        most_chars=40_000,
    ),
)
