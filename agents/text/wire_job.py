"""Read what a client has to do beyond one call: more calls, pages, repeats, signed webhooks; and say what it has to look like."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from agents.text.wire import Call, call_of

_METHODS = "GET|POST|PUT|PATCH|DELETE"
_CALL = re.compile(rf"\b({_METHODS})\s+[`'\"]?(https?://[^\s\"'`<>)\],;]+|/[\w{{}}/.\-]*(?:\?[\w=&{{}}-]+)?)")
_URL = re.compile(r"https?://[^\s\"'`<>)\],;]+")
_BY_MARK = r"\b(?:next_?)?page_?tokens?\b|\bpage tokens?\b"
_BY_OFFSET = r"\boffsets?\b[^.]{0,40}\blimits?\b|\blimits?\b[^.]{0,40}\boffsets?\b|\bby offset\b|[?&]offset="
_PAGED = re.compile(
    r"\bpaginat\w+|\bpaged\b|\b(?:all|next|every) pages?\b|\bpage (?:number|parameter)\b|\?page=|\bcursors?\b|\blink header\b|"
    rf"{_BY_MARK}|{_BY_OFFSET}",
    re.IGNORECASE,
)
_STYLES = (
    ("cursor", re.compile(r"\bcursors?\b", re.IGNORECASE)),
    ("link", re.compile(r"\blink header\b", re.IGNORECASE)),
    ("token", re.compile(_BY_MARK, re.IGNORECASE)),
    ("offset", re.compile(_BY_OFFSET, re.IGNORECASE)),
    ("page", re.compile(r"\bpage (?:number|parameter)\b|\?page=", re.IGNORECASE)),
)
_ITEMS = re.compile(r"[`'\"](items|data|results|entries|records)[`'\"]")
_REPEATS = re.compile(r"\bretr(?:y|ies|ied|ying)\b|\bback-?off\b|\btr(?:y|ies) again\b", re.IGNORECASE)
_WEBHOOK = re.compile(r"\bweb-?hooks?\b", re.IGNORECASE)
_SIGNED = re.compile(r"\bsignatures?\b|\bsigned\b|\bhmac\b", re.IGNORECASE)
_SIGNATURE = re.compile(r"\b([A-Z][\w-]*-(?:Signature|Hmac)[\w-]*)\b")
_BASE64 = re.compile(r"\bbase-?64\b", re.IGNORECASE)
SLACK_TIME = "X-Slack-Request-Timestamp"
_SIGNED_SO = {"stripe-signature": "stripe", "x-slack-signature": "slack", "x-shopify-hmac-sha256": "base64"}
_HOLE = re.compile(r"\{(\w+)\}")
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
TRIES = 4  # of a call that meets a passing fault


@dataclass(frozen=True)
class Job:
    """The calls of a client, and what it does round them.

    `pages` is how one page leads to the next: cursor, link, token, offset, page or next, "" where there are none. `items` holds a
    page's rows, `signature` the header of a signed webhook ("" without one), `signing` how it is made (hex, base64, stripe or
    slack), `repeats` whether passing faults are tried again.
    """

    calls: tuple[Call, ...]
    pages: str = ""
    items: str = "items"
    repeats: bool = False
    signature: str = ""
    signing: str = "hex"

    @property
    def is_more(self) -> bool:
        """Whether it is more than one plain call."""
        return len(self.calls) > 1 or bool(self.pages or self.repeats or self.signature)

    @property
    def paged(self) -> Call | None:
        """The call whose answer comes in pages."""
        return (
            next((one for one in self.calls if one.method == "GET" and not holes(one)), None)
            if self.pages
            else None
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The method of the client for each call."""
        found: list[str] = []
        for call in self.calls:
            like = sum(one == call.name or one.startswith(f"{call.name}_") for one in found)
            found.append(f"{call.name}_{like + 1}" if call.name in found else call.name)
        return tuple(found)


def job_of(wanted: str) -> Job:
    """Read the calls that a request names, and what is wanted round them."""
    signature = _SIGNATURE.search(wanted)
    plain = _SIGNATURE.sub(" ", wanted)
    signs = bool(_WEBHOOK.search(plain) and _SIGNED.search(wanted))
    calls = _calls(plain) or (_one(plain),)
    items = _ITEMS.search(plain)
    style = next((name for name, words in _STYLES if words.search(plain)), "next")
    pages = (
        style if _PAGED.search(plain) and any(one.method == "GET" and not holes(one) for one in calls) else ""
    )
    header = signature[1] if signature else "X-Signature"
    usual = "base64" if _BASE64.search(wanted) else "hex"
    return Job(
        calls,
        pages,
        items[1] if items else "items",
        bool(_REPEATS.search(plain)),
        header if signs else "",
        _SIGNED_SO.get(header.lower(), usual),
    )


def names_calls(text: str) -> bool:
    """Tell whether a text itself says which calls, with method and path."""
    return bool(_CALL.search(text))


def _one(wanted: str) -> Call:
    """Return the call of a request that names no method; what comes in pages is read."""
    call = call_of(wanted)
    return (
        replace(call, method="GET", body={}) if _PAGED.search(wanted) and "method" not in call.told else call
    )


def _calls(wanted: str) -> tuple[Call, ...]:
    found = list(_CALL.finditer(wanted))
    base = next((match[0].rstrip("./") for match in _URL.finditer(wanted)), "")
    whole, made = call_of(wanted), []
    for number, match in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(wanted)
        here = call_of(wanted[match.start() : end])
        address = match[2].rstrip(".,")
        url = address if address.startswith("http") else f"{_origin(base, named=address)}{address}"
        body = here.body if match[1] in WITH_BODY else {}
        made.append(replace(whole, method=match[1], url=url, body=body, told=(*whole.told, "method")))
    return tuple({(one.method, one.url): one for one in made}.values())


def _origin(base: str, *, named: str) -> str:
    """Return what goes before a path: the address that the request names, without the path where that is a call itself."""
    parts = urlsplit(base)
    prefix = parts.path.rstrip("/")
    keeps = prefix and re.fullmatch(r"(?:/api)?(?:/v\d+)?", prefix) and not named.startswith(prefix)
    return f"{parts.scheme}://{parts.netloc}{prefix if keeps else ''}" if parts.netloc else ""


def holes(call: Call) -> tuple[str, ...]:
    """Return the names that stand in braces in a call's path."""
    return tuple(_HOLE.findall(call.path))


def sample(call: Call) -> tuple[list[Any], str]:
    """Return arguments for a call's method, and the path they lead to."""
    values = {name: f"{name[0]}{41 + number}" for number, name in enumerate(holes(call))}
    path = _HOLE.sub(lambda match: values[match[1]], call.path)
    payload = [dict(call.body) or {"text": "hello"}] if call.method in WITH_BODY else []
    return [*values.values(), *payload], path


def credential_header(call: Call, credential: str) -> tuple[str, str]:
    """Return the header that proves who calls, ("", "") where the call needs none."""
    if call.auth == "none":
        return "", ""
    return call.header or "Authorization", f"Bearer {credential}" if call.auth == "bearer" else credential


_PAGES: Mapping[str, str] = {
    "cursor": 'an answer is {{"{items}": [...], "next_cursor": "..."}}; the next page is asked for with the query `cursor`, null ends it',
    "link": 'an answer is {{"{items}": [...]}}; its header Link holds <address>; rel="next" while there is a next page',
    "token": 'an answer is {{"{items}": [...], "next_page_token": "..."}}; the next page is asked for with the query `page_token`,'
    " null or none ends it",
    "offset": 'an answer is {{"{items}": [...]}}; pages are asked for with the query `offset`, the number of rows so far, an empty list'
    " ends them",
    "page": 'an answer is {{"{items}": [...]}}; pages are asked for with the query `page` from 1 on, an empty list ends them',
    "next": 'an answer is {{"{items}": [...], "next": address}}; `next` is the whole address of the next page, null at the end',
}


_SIGNING: Mapping[str, str] = {
    "hex": "the header {header}, its name in any case, holds the hexadecimal HMAC-SHA256 of the body, with or without `sha256=` before it",
    "base64": "the header {header}, its name in any case, holds the HMAC-SHA256 of the body in base64",
    "stripe": "the header {header}, its name in any case, is `t=<seconds>,v1=<hex>[,v1=<hex>...]` with t at most 300 seconds from now and"
    " one v1 the hexadecimal HMAC-SHA256 of `<t>.<body>`",
    "slack": f"the header {{header}} is `v0=<hex>`, the hexadecimal HMAC-SHA256 of `v0:<time>:<body>`, with <time> the seconds in the header"
    f" {SLACK_TIME}, at most 300 from now; names of headers in any case",
}
_CLIENT = (
    '- `class Client` made as `Client(base_url, credential="", timeout_s=10)`, with these methods, which return the JSON answer as'
    " Python data and raise CallFailedError for a status of 400 and above and where nobody answers:"
)


def interface(job: Job) -> str:
    """Return in words what client.py has to offer; the platform calls it by these names."""
    lines = [
        "`client.py`, with the standard library alone, has:",
        "- `class CallFailedError(Exception)` whose `status` is the HTTP status, None where no answer came",
        _CLIENT,
        *(
            f"  - `{_head(name, call)}`: {call.method} {call.path}{_with(call)}"
            for name, call in zip(job.names, job.calls, strict=True)
        ),
    ]
    header, value = credential_header(job.calls[0], "<credential>")
    lines += [f"- each call sends `{header}: {value}`"] if header else []
    if job.paged:
        name = job.names[job.calls.index(job.paged)]
        lines.append(
            f"- `{name}` returns one list with the rows of all pages: {_PAGES[job.pages].format(items=job.items)}"
        )
    if job.repeats:
        lines.append(
            f"- 429, 502, 503, 504 and no answer are tried again, {TRIES} times in all, after `time.sleep`; each wait is longer than the"
            " one before and at least as long as the header Retry-After says in seconds; no other status is tried again"
        )
    if job.signature:
        lines.append(
            f"- `signed(secret: str, body: bytes, headers) -> bool`: whether {_SIGNING[job.signing].format(header=job.signature)}; compared"
            " in constant time, False for whatever is missing or malformed"
        )
    return "\n".join(lines)


def _with(call: Call) -> str:
    return f", the payload as JSON like {json.dumps(dict(call.body))}" if call.body else ""


def _head(name: str, call: Call) -> str:
    return f"{name}({', '.join([*holes(call), *(['payload'] if call.method in WITH_BODY else [])])})"
