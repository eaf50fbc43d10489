"""The guarded transport for coroutines; the twin of `transport`."""

import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpcore
import httpx

from miosa.http.guarded.async_connecting import AsyncCheckedBackend, AsyncResolver, async_system_resolver
from miosa.http.guarded.body import Measure, handed_on
from miosa.http.guarded.causes import told
from miosa.http.guarded.deadline import Deadline
from miosa.http.guarded.deciding import REDIRECTS, Hop, destination_of, first_hop, next_hop
from miosa.http.guarded.errors import OutgoingRefused
from miosa.http.guarded.rules import Rules
from miosa.http.guarded.transport import certificates, operators_rules, wire


def open_async_client(rules: Rules | None = None, **transport: Any) -> httpx.AsyncClient:
    """Return a client for addresses that users choose; use it in an `async with`. Without rules, the operator's."""
    guarded = AsyncGuardedTransport(rules or operators_rules(), **transport)
    return httpx.AsyncClient(transport=guarded, trust_env=False, follow_redirects=False)


class AsyncGuardedTransport(httpx.AsyncBaseTransport):
    """Follows redirects by itself, each checked anew; keeps no connection and no cookie from one call to the next."""

    def __init__(
        self,
        rules: Rules,
        *,
        resolver: AsyncResolver = async_system_resolver,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._rules, self._resolver = rules, resolver
        self._certificates = ssl_context or certificates()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        deadline, hop = Deadline(self._rules.total_s), first_hop(request)
        for _ in range(self._rules.most_hops + 1):
            response = await self._sent(hop, request, deadline)
            location = response.headers.get("location", "")
            if response.status_code not in REDIRECTS or not location or not self._rules.most_hops:
                return response
            await response.aclose()
            hop = next_hop(hop, response.status_code, location)
        raise OutgoingRefused(f"The address redirects more than {self._rules.most_hops} times.")

    async def _sent(self, hop: Hop, request: httpx.Request, deadline: Deadline) -> httpx.Response:
        destination = destination_of(hop.url, self._rules)
        backend = AsyncCheckedBackend(destination, self._rules, resolver=self._resolver, deadline=deadline)
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self._certificates, max_keepalive_connections=0, network_backend=backend
        )
        try:
            with told():
                answer = await pool.handle_async_request(wire(hop, request, self._rules))
            headers = httpx.Headers(answer.headers)
            body = AsyncTaken(pool, answer, Measure(headers, self._rules.most_bytes))
        except BaseException:
            await pool.aclose()
            raise
        return httpx.Response(answer.status, headers=handed_on(answer.headers), stream=body)


class AsyncTaken(httpx.AsyncByteStream):
    """The body of an answer, measured while it comes in."""

    def __init__(
        self, pool: httpcore.AsyncConnectionPool, answer: httpcore.Response, measure: Measure
    ) -> None:
        self._pool, self._answer, self._measure = pool, answer, measure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with told():
            async for raw in self._answer.aiter_stream():
                for piece in self._measure.pieces(raw):
                    yield piece

    async def aclose(self) -> None:
        with told():
            await self._answer.aclose()
        await self._pool.aclose()
