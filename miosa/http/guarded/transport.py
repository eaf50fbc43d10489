"""The guarded transport for threads."""

import ssl
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import httpcore
import httpx
from django.conf import settings

from miosa.http.guarded.body import Measure, handed_on
from miosa.http.guarded.causes import told
from miosa.http.guarded.connecting import CheckedBackend, Resolver, system_resolver
from miosa.http.guarded.deadline import Deadline
from miosa.http.guarded.deciding import REDIRECTS, Hop, destination_of, first_hop, next_hop
from miosa.http.guarded.errors import OutgoingRefused
from miosa.http.guarded.rules import Rules


def open_client(rules: Rules | None = None, **transport: Any) -> httpx.Client:
    """Return a client for addresses that users choose; use it in a `with`. Without rules, the operator's."""
    guarded = GuardedTransport(rules or operators_rules(), **transport)
    return httpx.Client(transport=guarded, trust_env=False, follow_redirects=False)


def operators_rules() -> Rules:
    """Return the rules of this installation."""
    return Rules(allow=settings.ENVIRONMENT.outgoing_allow)


@lru_cache(maxsize=1)
def certificates() -> ssl.SSLContext:
    """Return the authorities we trust; read once, since that takes long."""
    return httpx.create_ssl_context(trust_env=False)


class GuardedTransport(httpx.BaseTransport):
    """Follows redirects by itself, each checked anew; keeps no connection and no cookie from one call to the next."""

    def __init__(
        self, rules: Rules, *, resolver: Resolver = system_resolver, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._rules, self._resolver = rules, resolver
        self._certificates = ssl_context or certificates()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        deadline, hop = Deadline(self._rules.total_s), first_hop(request)
        for _ in range(self._rules.most_hops + 1):
            response = self._sent(hop, request, deadline)
            location = response.headers.get("location", "")
            if response.status_code not in REDIRECTS or not location or not self._rules.most_hops:
                return response
            response.close()
            hop = next_hop(hop, response.status_code, location)
        raise OutgoingRefused(f"The address redirects more than {self._rules.most_hops} times.")

    def _sent(self, hop: Hop, request: httpx.Request, deadline: Deadline) -> httpx.Response:
        destination = destination_of(hop.url, self._rules)
        backend = CheckedBackend(destination, self._rules, resolver=self._resolver, deadline=deadline)
        pool = httpcore.ConnectionPool(
            ssl_context=self._certificates, max_keepalive_connections=0, network_backend=backend
        )
        try:
            with told():
                answer = pool.handle_request(wire(hop, request, self._rules))
            headers = httpx.Headers(answer.headers)
            body = Taken(pool, answer, Measure(headers, self._rules.most_bytes))
        except BaseException:
            pool.close()
            raise
        return httpx.Response(answer.status, headers=handed_on(answer.headers), stream=body)


class Taken(httpx.SyncByteStream):
    """The body of an answer, measured while it comes in."""

    def __init__(self, pool: httpcore.ConnectionPool, answer: httpcore.Response, measure: Measure) -> None:
        self._pool, self._answer, self._measure = pool, answer, measure

    def __iter__(self) -> Iterator[bytes]:
        with told():
            for raw in self._answer.iter_stream():
                yield from self._measure.pieces(raw)

    def close(self) -> None:
        with told():
            self._answer.close()
        self._pool.close()


def wire(hop: Hop, request: httpx.Request, rules: Rules) -> httpcore.Request:
    """Return the hop in httpcore's words; a body is sent again only where it is at hand as a whole."""
    if hop.with_body and hop.url != request.url and not isinstance(request.stream, httpx.ByteStream):
        raise OutgoingRefused("The redirect asks for the body once more, and it was a stream.")
    url = httpcore.URL(
        scheme=hop.url.raw_scheme, host=hop.url.raw_host, port=hop.url.port, target=hop.url.raw_path
    )
    return httpcore.Request(
        method=hop.method,
        url=url,
        headers=list(hop.headers),
        content=request.stream if hop.with_body else None,
        extensions={"timeout": timeouts(rules)},
    )


def timeouts(rules: Rules) -> dict[str, float]:
    """Return httpcore's limits for single operations."""
    return {"connect": rules.connect_s, "read": rules.read_s, "write": rules.read_s, "pool": rules.connect_s}
