"""Who is calling: the address of the request, as far as it can be believed.

`X-Forwarded-For` is believed only from the proxies that `MIOSA_TRUSTED_PROXIES` names, and then read from its end:
each proxy appends whom it spoke with, so the first address from the right that is no proxy of ours is the caller.
Whatever stands left of it is the caller's own invention.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "X-Forwarded-For"
MAX_HOPS = 20  # more than any chain of proxies has; a longer list is read no further

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_current: ContextVar[str] = ContextVar("client_address", default="")


def current_address() -> str:
    """Return the caller's address of the request being served; empty outside a request."""
    return _current.get()


@contextmanager
def address_scope(address: str) -> Iterator[str]:
    """Everything inside is done for this address (also used where no middleware runs)."""
    token = _current.set(address)
    try:
        yield address
    finally:
        _current.reset(token)


def client_address(request: HttpRequest) -> str:
    """Return the caller's address in canonical form; empty where the server does not know its peer."""
    return believed(request.META.get("REMOTE_ADDR", ""), request.headers.get(HEADER, ""))


def believed(peer: str, forwarded_for: str) -> str:
    """Return the caller's address, given the peer of the connection and the header, which may be empty."""
    caller = _address(peer)
    if caller is None:
        return ""
    trusted = _networks(settings.ENVIRONMENT.trusted_proxies)
    for hop in reversed(forwarded_for.rsplit(",", MAX_HOPS)):
        earlier = _address(hop) if _within(caller, trusted) else None
        if earlier is None:
            break
        caller = earlier
    return str(caller)


def address_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: `current_address()` tells the caller's address to everything below."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with address_scope(client_address(request)):
            return get_response(request)

    return middleware


def _address(text: str) -> Address | None:
    """Read `1.2.3.4`, `1.2.3.4:5`, `::1` or `[::1]:5`; None for anything else."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare.partition("%")[0])  # a zone means something on that machine only
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _within(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)


@lru_cache(maxsize=8)
def _networks(written: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(map(ip_network, written))
