"""Where a call may go, and what follows a redirect: decided from the text alone, before anything is looked up; pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import httpx

from miosa.http.guarded.addresses import Address, is_public, read_address, within
from miosa.http.guarded.errors import OutgoingRefused
from miosa.http.guarded.rules import Rules

DEFAULT_PORTS = {"https": 443, "http": 80}
LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = re.compile(rf"(?=.{{1,253}}\Z){LABEL}(?:\.{LABEL})*\Z")
# What programs read as a number they read as an address: 2130706433, 0x7f.1, 0177.0.0.1.
NUMERIC_END = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\Z")

REDIRECTS = frozenset({301, 302, 303, 307, 308})
KEEPS_BODY = frozenset({307, 308})
# All that another origin is told of a request; what else a header means, its sender alone knows.
TOLD_ELSEWHERE = frozenset(
    {"accept", "accept-encoding", "accept-language", "user-agent", "content-type", "range"}
)
OF_A_BODY = frozenset({"content-length", "content-type", "content-encoding", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked place to call: `named` by the operator, so that its addresses need not be public."""

    host: str
    port: int
    named: bool

    def refuse_addresses(self, found: Sequence[str], rules: Rules) -> list[Address]:
        """Return the addresses to connect to. Raises OutgoingRefused unless every one of them may be called."""
        addresses = [address for address in map(read_address, found) if address is not None]
        if not addresses or len(addresses) < len(found):
            raise OutgoingRefused(f"{self.host} has no address.")
        if not self.named and not all(is_public(one) or within(one, rules.networks) for one in addresses):
            raise OutgoingRefused(
                f"{self.host} does not lead to the public internet; such an address is not called."
            )
        return addresses


def destination_of(url: httpx.URL, rules: Rules) -> Destination:
    """Return where a URL leads to. Raises OutgoingRefused for what is not called, with the reason."""
    if url.scheme not in DEFAULT_PORTS:
        raise OutgoingRefused("Only https:// addresses are called.")
    if url.userinfo:
        raise OutgoingRefused("An address with a user name or password in it is not called.")
    host, port = url.raw_host.decode("ascii", "replace").lower(), url.port or DEFAULT_PORTS[url.scheme]
    literal, named = _checked_host(host), rules.names(host, port)
    allowed = named or (literal is not None and within(literal, rules.networks))
    if not allowed and (url.scheme, port) != ("https", 443):
        raise OutgoingRefused("Only https:// addresses without another port than 443 are called.")
    destination = Destination(host, port, named)
    if literal:
        destination.refuse_addresses([host], rules)
    return destination


def _checked_host(host: str) -> Address | None:
    """Return the address that a host spells, None for a name. Raises OutgoingRefused for odd spellings of either."""
    literal = read_address(host)
    if literal is None and (NUMERIC_END.search(host) or not NAME.match(host)):
        raise OutgoingRefused("The address names no host in the usual way.")
    return literal


@dataclass(frozen=True, slots=True)
class Hop:
    """One request as it is sent."""

    method: str
    url: httpx.URL
    headers: tuple[tuple[bytes, bytes], ...]
    with_body: bool


def first_hop(request: httpx.Request) -> Hop:
    """Return the request as it is sent: its Host is the URL's, and it asks for no compression but gzip."""
    headers = _without(request.headers.raw, {"host", "accept-encoding", "connection", "te", "upgrade"})
    return Hop(request.method, _bare(request.url), _addressed(request.url, headers), with_body=True)


def next_hop(hop: Hop, status: int, location: str) -> Hop:
    """Return the request that a redirect asks for. Raises OutgoingRefused where it cannot be read or followed."""
    try:
        url = _bare(hop.url.join(location))
    except (httpx.InvalidURL, ValueError):
        raise OutgoingRefused("The redirect leads to nothing that can be read.") from None
    keeps = status in KEEPS_BODY
    elsewhere = _origin(url) != _origin(hop.url)
    if keeps and elsewhere and hop.with_body and hop.method not in {"GET", "HEAD"}:
        raise OutgoingRefused("The redirect would send the body to another place; give that address instead.")
    method = hop.method if keeps or hop.method == "HEAD" else "GET"
    headers: Iterable[tuple[bytes, bytes]] = _without(hop.headers, {"host"} | (set() if keeps else OF_A_BODY))
    if elsewhere:
        headers = [one for one in headers if one[0].decode("latin-1").lower() in TOLD_ELSEWHERE]
    return Hop(method, url, _addressed(url, headers), with_body=keeps and hop.with_body)


def _origin(url: httpx.URL) -> tuple[str, bytes, int]:
    return url.scheme, url.raw_host.lower(), url.port or DEFAULT_PORTS.get(url.scheme, 0)


def _bare(url: httpx.URL) -> httpx.URL:
    return url.copy_with(fragment=None)


def _without(headers: Iterable[tuple[bytes, bytes]], names: set[str]) -> list[tuple[bytes, bytes]]:
    return [one for one in headers if one[0].decode("latin-1").lower() not in names]


def _addressed(url: httpx.URL, headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    kept = _without(headers, {"accept-encoding"})
    return ((b"Host", url.netloc), (b"Accept-Encoding", b"gzip"), *kept)
