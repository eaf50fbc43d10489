"""A connection to a name: looked up once, every address checked, connected to that very address; coroutines' side."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import httpcore

from miosa.http.guarded.connecting import MOST_ADDRESSES, system_resolver
from miosa.http.guarded.deadline import Deadline
from miosa.http.guarded.deciding import Destination
from miosa.http.guarded.errors import OutgoingRefused
from miosa.http.guarded.rules import Rules

AsyncResolver = Callable[[str, int], Awaitable[Sequence[str]]]


async def async_system_resolver(host: str, port: int) -> list[str]:
    """Ask the system for all addresses of a name, in a thread."""
    return await asyncio.to_thread(system_resolver, host, port)


class AsyncCheckedBackend(httpcore.AsyncNetworkBackend):
    """httpcore's way to the network for one call: no name is looked up but by our resolver, and but once."""

    def __init__(
        self, destination: Destination, rules: Rules, *, resolver: AsyncResolver, deadline: Deadline
    ) -> None:
        self._destination, self._rules = destination, rules
        self._resolver, self._deadline = resolver, deadline
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        found = await self._looked_up(host, port)
        addresses = self._destination.refuse_addresses(found, self._rules)[:MOST_ADDRESSES]
        for position, address in enumerate(addresses):
            try:
                seconds = self._deadline.at_most(timeout)
                stream = await self._network.connect_tcp(str(address), port, seconds, None, socket_options)
                return AsyncTimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if position == len(addresses) - 1:
                    raise
        raise httpcore.ConnectError

    async def _looked_up(self, host: str, port: int) -> Sequence[str]:
        try:
            async with asyncio.timeout(self._deadline.at_most(self._rules.connect_s)):
                return await self._resolver(host, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"{host} was not found in time.") from None
        except (OSError, UnicodeError) as failure:
            raise OutgoingRefused(f"{host} has no address.") from failure


class AsyncTimedStream(httpcore.AsyncNetworkStream):
    """A connection on which no operation outlasts the call, however many there are."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        return await self._stream.read(max_bytes, self._deadline.at_most(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, self._deadline.at_most(timeout))

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        seconds = self._deadline.at_most(timeout)
        secured = await self._stream.start_tls(ssl_context, server_hostname, seconds)
        return AsyncTimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
