"""Fetch a page or a document from the public internet, through the guarded transport."""

import re
from collections.abc import Mapping
from typing import Any

import httpx

from agents.contract.tools import Returned
from agents.text.markup import as_text
from agents.tools.contract import Hands, Tool, ToolRefused, parameters
from miosa.http.guarded import BodyTooLarge, OutgoingRefused, TookTooLong, open_client

# The web's encodings of text. Python knows others by the same way of asking: compression, escapes, names of hosts.
ENCODINGS = re.compile(
    r"(us-)?ascii|utf[-_]?(8|16([-_]?[bl]e)?)|(iso[-_]?8859|latin|windows|cp|koi8)[-_]?[0-9ru]{1,4}([-_][0-9]{1,2})?"
    r"|gb(k|2312|18030)|big5(hkscs)?|euc[-_](jp|kr)|shift[-_]?jis",
    re.ASCII | re.IGNORECASE,
)
HTML = frozenset({"text/html", "application/xhtml+xml"})
CLIENT_ERRORS = 400
# UnicodeError: a host that is no name in the internet's alphabet, which httpx finds out late.
FAILED = (OutgoingRefused, BodyTooLarge, TookTooLong, httpx.HTTPError, httpx.InvalidURL, UnicodeError)
HEADERS = {"User-Agent": "MIOSA", "Accept": "text/html, text/*, application/json;q=0.9, */*;q=0.1"}


def _fetch(arguments: Mapping[str, Any], _hands: Hands) -> Returned:
    url = arguments["url"]
    try:
        with open_client() as client:
            answer = client.get(url, headers=HEADERS)
    except FAILED as error:
        raise ToolRefused(f"{url} could not be fetched: {error}") from error
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not _is_text(kind):
        raise ToolRefused(f"{url} is {kind or 'of no known kind'}, which is no text.")
    text = decoded(answer.content, answer.charset_encoding or "")
    return Returned(
        f"HTTP {answer.status_code}\n{as_text(text) if kind in HTML else text}",
        ok=answer.status_code < CLIENT_ERRORS,
        origin=f"the web page {url}",
        data={"status": answer.status_code, "content_type": kind, "url": url},
    )


def _is_text(kind: str) -> bool:
    return (
        kind.startswith("text/") or kind.endswith(("json", "xml", "yaml")) or kind == "application/javascript"
    )


def decoded(content: bytes, encoding: str) -> str:
    """Return the text in the encoding that a server names, in UTF-8 where that is none of the web's."""
    named = encoding.strip() if ENCODINGS.fullmatch(encoding.strip()) else "utf-8"
    try:
        return content.decode(named, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


TOOLS = (
    Tool(
        "fetch_page",
        "Fetch a public web page or document by its https address and return its text.",
        parameters(("url",), url={"type": "string", "minLength": 9, "maxLength": 2_000}),
        _fetch,
        timeout_s=30,
        seen="url",
        outside=True,
        most_chars=40_000,
    ),
)
