"""One look at an address of a deployment: a small HTTP client that trusts nothing it meets.

The address comes from a target: a site on this machine or one at a provider. Redirects are followed on the same origin
only, no cookie is kept, of a body no more is read than is looked at, and everything has one deadline.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import urljoin, urlsplit

import httpx

from deployments.targets.contract import NOTHING

MOST_BODY = 65_536  # bytes
MOST_HOPS = 3
TIMEOUT_S = 5.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})
LOOPBACK_NAMES = ".localhost"  # resolved by browsers, not by every system
AGENT = "miosa-health/1"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a healthy address answers: this status at this path, and this text within its body."""

    path: str = "/"
    status: int = 200
    body: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one look. `status` is 0 where nothing answered; `detail` says what is wrong, in one sentence."""

    passed: bool
    status: int = 0
    latency_ms: int = 0
    detail: str = ""


def judged(expected: Expected, status: int, body: bytes, latency_ms: int) -> Answer:
    """Return what an answer is worth; pure."""
    detail = ""
    if status != expected.status:
        detail = f"{expected.path} answered {status}, expected {expected.status}."
    elif expected.body and expected.body.encode() not in body:
        detail = f"{expected.path} answered {status} without the text {expected.body[:80]!r}."
    return Answer(passed=not detail, status=status, latency_ms=latency_ms, detail=detail)


def probe(
    address: str,
    expected: Expected,
    *,
    headers: Mapping[str, str] = NOTHING,
    timeout_s: float = TIMEOUT_S,
) -> Answer:
    """Look once at the path below an address; whatever goes wrong is an answer that did not pass.

    `headers` are the target's own, by which it knows a look from a visit.
    """
    started = time.monotonic()
    url = joined(address, expected.path)
    try:
        for _hop in range(MOST_HOPS + 1):
            status, body, onward = _fetch(url, headers, started + timeout_s)
            following = urljoin(url, onward)
            if status == expected.status or status not in REDIRECTS or not onward:
                return judged(expected, status, body, _ms(started))
            if _origin(following) != _origin(url):
                detail = f"{expected.path} answered {status} and leads to another origin."
                return Answer(passed=False, status=status, latency_ms=_ms(started), detail=detail)
            url = following
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        return Answer(passed=False, latency_ms=_ms(started), detail=_told(error, timeout_s))
    return Answer(passed=False, latency_ms=_ms(started), detail=f"More than {MOST_HOPS} redirects.")


def joined(address: str, path: str) -> str:
    """Return the path below an address, which may have a path of its own."""
    return f"{address.rstrip('/')}/{path.lstrip('/')}"


def _fetch(url: str, own: Mapping[str, str], deadline: float) -> tuple[int, bytes, str]:
    request = _request(url, own, max(0.05, deadline - time.monotonic()))
    response = _transport(request.url.scheme).handle_request(request)
    try:
        body = b""
        for piece in response.iter_raw() if not response.headers.get("Location") else ():
            body += piece
            if len(body) >= MOST_BODY:
                break
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("the body takes too long")
        return response.status_code, body[:MOST_BODY], response.headers.get("Location", "")
    finally:
        response.close()


def _request(url: str, own: Mapping[str, str], left_s: float) -> httpx.Request:
    parts = urlsplit(url)
    headers = {
        "User-Agent": AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    } | dict(own)
    if parts.scheme == "http" and (parts.hostname or "").endswith(LOOPBACK_NAMES):
        headers["Host"] = parts.netloc
        url = parts._replace(netloc=f"127.0.0.1:{parts.port or 80}").geturl()
    timeout = httpx.Timeout(left_s).as_dict()
    return httpx.Request("GET", url, headers=headers, extensions={"timeout": timeout})


@cache
def _transport(scheme: str) -> httpx.HTTPTransport:
    """One without certificates for plain HTTP: reading them costs more than the look itself."""
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=0)
    return httpx.HTTPTransport(verify=scheme == "https", trust_env=False, limits=limits)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _ms(started: float) -> int:
    return int((time.monotonic() - started) * 1000)


def _told(error: Exception, timeout_s: float) -> str:
    if isinstance(error, httpx.ConnectTimeout | httpx.ReadTimeout):
        return f"No answer within {timeout_s:.0f} s."
    if isinstance(error, httpx.ConnectError | ConnectionError):
        return "Nothing listens at its address."
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return "The connection was closed before the answer was whole."
    return f"Its address cannot be asked: {type(error).__name__}."
