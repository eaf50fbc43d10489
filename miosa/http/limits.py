"""What a request may be before anybody reads it: how long its address, how many headers, how large and slow its body.

A wrapper around the whole ASGI application. A body is taken in here, at the pace of its sender, and handed on at once
when it is complete: so a slow sender costs a coroutine and never a thread, and no view meets half a body.

The server (granian) cuts off what is beyond measure by itself, without a document: more than 100 headers or 64 KiB of
them with 431, an address beyond 64 KiB with 414, headers that do not come with the end of the connection.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from miosa.http.problem import MEDIA_TYPE, BadRequest, Problem, Unavailable
from miosa.http.request_id import HEADER as REQUEST_ID
from miosa.http.request_id import accepted
from miosa.http.uploads import Uploads

MAX_URL_BYTES = 8 * 1024
MAX_HEADERS = 80
MAX_HEADER_BYTES = 32 * 1024
MAX_BODY_BYTES = 1024 * 1024
MAX_HELD_BYTES = 64 * MAX_BODY_BYTES  # of all bodies that are being taken in at one moment
BODY_TIMEOUT_S = 30.0
FRAMING = frozenset({b"content-length", b"transfer-encoding"})

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Gone(Exception):  # noqa: N818  nothing went wrong: the sender left, and nobody is there to be told
    """The connection ended before the body did."""


@dataclass(slots=True)
class BodyLimits:
    """How much and how long; `held` counts the bytes of all bodies that are being taken in."""

    body_bytes: int = MAX_BODY_BYTES
    held_bytes: int = MAX_HELD_BYTES
    timeout_s: float = BODY_TIMEOUT_S
    held: int = field(default=0, init=False)


def limited(
    application: Application, limits: BodyLimits | None = None, uploads: Uploads | None = None
) -> Application:
    """Return the application behind these limits; `uploads` are requests with limits of their own."""
    usual = limits or BodyLimits()

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        larger = uploads if uploads and uploads.takes(scope) else None
        own = BodyLimits(larger.body_bytes, larger.body_bytes, larger.timeout_s) if larger else usual
        with ExitStack() as held:
            try:
                refuse_head(scope, own.body_bytes)
                if larger:
                    held.enter_context(larger.place())
                if may_have_body(scope):
                    scope, receive = await _taken_in(scope, receive, own)
            except Problem as told:
                await refuse(scope, send, told)
            except Gone:
                pass
            else:
                await application(scope, receive, send)

    return guarded


def refuse_head(scope: Scope, max_body_bytes: int = MAX_BODY_BYTES) -> None:
    """Raise Problem for a request whose first lines are too much: 414, 431, 413, 400."""
    path = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape")
    if len(path) + len(scope.get("query_string", b"")) > MAX_URL_BYTES:
        raise Problem(
            f"The address is longer than {MAX_URL_BYTES:,} bytes; put the data into the body.",
            status=HTTPStatus.REQUEST_URI_TOO_LONG,
        )
    headers: list[tuple[bytes, bytes]] = list(scope["headers"])
    size = sum(len(name) + len(value) for name, value in headers)
    if len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES:
        raise Problem(
            f"A request may have {MAX_HEADERS} headers of {MAX_HEADER_BYTES:,} bytes together.",
            status=HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        )
    lengths = _lengths(headers)
    if lengths and any(name == b"transfer-encoding" for name, _ in headers):
        raise BadRequest("Content-Length and Transfer-Encoding exclude each other.")
    if any(length > max_body_bytes for length in lengths):
        raise _too_large(max_body_bytes)


def may_have_body(scope: Scope) -> bool:
    """Tell whether a body may follow: in HTTP/1.1 one is announced (RFC 9112 section 6), in HTTP/2 it need not be."""
    return scope.get("http_version") == "2" or any(
        (name == b"content-length" and value.strip() != b"0") or name == b"transfer-encoding"
        for name, value in scope["headers"]
    )


def _lengths(headers: Iterable[tuple[bytes, bytes]]) -> list[int]:
    told = [value.strip() for name, value in headers if name == b"content-length"]
    if not all(value.isdigit() for value in told):
        raise BadRequest("Content-Length is no number.")
    return [int(value) for value in told]


async def _taken_in(scope: Scope, receive: Receive, limits: BodyLimits) -> tuple[Scope, Receive]:
    """Return the request with its whole body: a `receive` that gives it at once, and headers that tell its length.

    WSGI reads as far as Content-Length says, so a body that came in chunks would be none.
    """
    try:
        async with asyncio.timeout(limits.timeout_s):
            body = await _whole(receive, limits)
    except TimeoutError:
        raise Problem(
            f"The body did not arrive within {limits.timeout_s:g} s.", status=HTTPStatus.REQUEST_TIMEOUT
        ) from None
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def handing_on() -> Message:
        return waiting.pop() if waiting else await receive()

    headers = [header for header in scope["headers"] if header[0] not in FRAMING]
    headers.append((b"content-length", str(len(body)).encode()))
    return scope | {"headers": headers}, handing_on


async def _whole(receive: Receive, limits: BodyLimits) -> bytes:
    parts, size, more = [], 0, True
    try:
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            part, more = message.get("body", b""), message.get("more_body", False)
            parts.append(part)
            size += len(part)
            limits.held += len(part)
            if size > limits.body_bytes:
                raise _too_large(limits.body_bytes)
            if limits.held > limits.held_bytes:
                raise Unavailable("Too many bodies are arriving at once; try again in a moment.")
    finally:
        limits.held -= size
    return b"".join(parts)


def _too_large(max_bytes: int) -> Problem:
    return Problem(
        f"The body is larger than {max_bytes:,} bytes.", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    )


async def refuse(scope: Scope, send: Send, told: Problem, *, close: bool = True) -> None:
    """Answer with the problem; `close` asks for the end of the connection, where what is left is not read."""
    given = next((value for name, value in scope["headers"] if name == REQUEST_ID.lower().encode()), b"")
    request_id = accepted(given.decode("latin-1"))
    headers = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", REQUEST_ID: request_id} | told.headers
    if close and scope.get("http_version") != "2":  # it has no place there (RFC 9113 section 8.2.2)
        headers["Connection"] = "close"
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": told.status, "headers": encoded})
    body = json.dumps(told.document() | {"request_id": request_id}).encode()
    await send({"type": "http.response.body", "body": body})
