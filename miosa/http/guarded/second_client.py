"""The guarded transport for httpx2, the client library of those who have gone on from httpx."""

from collections.abc import AsyncIterator, Mapping

import httpx
import httpx2

from miosa.http.guarded.async_transport import AsyncGuardedTransport
from miosa.http.guarded.rules import Rules
from miosa.http.guarded.transport import operators_rules


def open_second_client(rules: Rules | None = None, *, headers: Mapping[str, str] = {}) -> httpx2.AsyncClient:
    """Return a client of httpx2 for addresses that users choose; use it in an `async with`."""
    transport = _Guarded(AsyncGuardedTransport(rules or operators_rules()))
    return httpx2.AsyncClient(
        transport=transport, headers=dict(headers), trust_env=False, follow_redirects=False, timeout=None
    )


class _Guarded(httpx2.AsyncBaseTransport):
    """Hands each request to the guarded transport and its answer back, in the other library's words."""

    def __init__(self, guarded: AsyncGuardedTransport) -> None:
        self._guarded = guarded

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        body = await request.aread()
        asked = httpx.Request(request.method, str(request.url), headers=request.headers.raw, content=body)
        try:
            answer = await self._guarded.handle_async_request(asked)
        except httpx.TimeoutException as error:
            raise httpx2.ReadTimeout(str(error), request=request) from error
        except httpx.TransportError as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        return httpx2.Response(answer.status_code, headers=answer.headers.raw, stream=_Body(answer))


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._answer.aiter_raw():
                yield piece
        except httpx.TransportError as error:
            raise httpx2.ReadError(str(error)) from error

    async def aclose(self) -> None:
        await self._answer.aclose()
