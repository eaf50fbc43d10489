"""One call through either twin of the guarded transport, for tests that want the same of both."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from miosa.http.guarded import Rules, open_async_client, open_client
from miosa.tests.guarded_servers import serving

LOOPBACK = ("127.0.0.0/8",)


def rules(**more: Any) -> Rules:
    """Loopback is allowed, as an operator would."""
    return Rules(allow=LOOPBACK, **more)


def threads_way(method: str, url: str, rules: Rules, **transport: Any) -> httpx.Response:
    more = transport.pop("more", {})
    with open_client(rules, **transport) as client:
        return client.request(method, url, **more)


def coroutines_way(method: str, url: str, rules: Rules, **transport: Any) -> httpx.Response:
    more = transport.pop("more", {})
    if resolver := transport.pop("resolver", None):

        async def asked(host: str, port: int) -> Any:
            return await asyncio.to_thread(resolver, host, port)  # as the system's

        transport["resolver"] = asked

    async def call() -> httpx.Response:
        async with open_async_client(rules, **transport) as client:
            return await client.request(method, url, **more)

    return asyncio.run(call())


WAYS = {"threads": threads_way, "coroutines": coroutines_way}


@contextmanager
def listening() -> Iterator[tuple[Any, str]]:
    """A server that keeps what it was asked, and its address."""
    with serving() as server:
        yield server, f"http://127.0.0.1:{server.server_port}"
