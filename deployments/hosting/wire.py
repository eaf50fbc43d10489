"""The shapes of ASGI that the sites' side speaks, and the shortest way to answer."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from deployments.hosting.pages import Page
from deployments.hosting.protection import Headers

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def answer(send: Send, status: int, headers: Headers, body: bytes = b"") -> int:
    """Send a whole answer; return the bytes of its body. `headers` must have their content-length."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return len(body)


async def answer_page(send: Send, page: Page, protection: Headers, *, head: bool = False) -> int:
    """Send one of the host's own pages; a HEAD gets its headers only."""
    body = page.body()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *protection,
    ]
    if page.retry_after_s:
        headers.append((b"retry-after", str(page.retry_after_s).encode()))
    return await answer(send, page.status, headers, b"" if head else body)
