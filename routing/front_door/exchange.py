"""One request and its answer as ASGI messages: the body read within limits, the answer sent, a sender who left noticed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any

from routing.front_door.refusals import Refusal

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

STREAM_TYPE = (b"content-type", b"text/event-stream; charset=utf-8")
NOT_KEPT = (b"cache-control", b"no-store")
BODY_TIMEOUT_S = 30.0
WATCH_AFTER_S = 0.03


class SenderLeft(Exception):  # noqa: N818  nobody is there to be told
    """The connection ended before the answer did."""


class Exchange:
    """A request that is being answered."""

    __slots__ = ("_receive", "_send", "finished", "headers", "scope", "started")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self._receive, self._send = scope, receive, send
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.started = self.finished = False

    async def body(self, most_bytes: int, *, timeout_s: float = BODY_TIMEOUT_S) -> bytes:
        """Return the whole body. Raises Refusal (413, 408) beyond the limits, SenderLeft where it never came whole."""
        told = self.headers.get(b"content-length", b"")
        if told.isdigit() and int(told) > most_bytes:
            raise _too_large(most_bytes)
        task, late = asyncio.current_task(), False

        def ring() -> None:
            nonlocal late
            late = True
            if task is not None:
                task.cancel()

        timer = asyncio.get_running_loop().call_later(timeout_s, ring)
        try:
            return await self._whole(most_bytes)
        except asyncio.CancelledError:
            if not late or task is None or task.uncancel():
                raise
            raise Refusal(f"The body did not arrive within {timeout_s:g} s.", status=408) from None
        finally:
            timer.cancel()

    async def _whole(self, most_bytes: int) -> bytes:
        parts, size, more = [], 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise SenderLeft
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > most_bytes:
                raise _too_large(most_bytes)
            parts.append(part)
            more = message.get("more_body", False)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def answer(
        self, status: int, body: bytes, headers: Headers = (), *, media_type: bytes = b"application/json"
    ) -> None:
        """Send a whole answer."""
        length = (b"content-length", b"%d" % len(body))
        self.started = self.finished = True
        await self._send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", media_type), length, NOT_KEPT, *headers],
            }
        )
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with an error."""
        told = [
            (name.lower().encode(), value.encode("latin-1", "replace"))
            for name, value in refusal.headers.items()
        ]
        await self.answer(refusal.status, refusal.body(), told)

    async def begin(self, headers: Headers = ()) -> None:
        """Begin a stream of events."""
        self.started = True
        await self._send(
            {"type": "http.response.start", "status": 200, "headers": [STREAM_TYPE, NOT_KEPT, *headers]}
        )

    async def say(self, data: bytes, *, more: bool = True) -> None:
        """Send a piece of the stream."""
        self.finished = not more
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    def until_the_sender_leaves(self) -> "Watched":
        """Cancel what goes on inside when the sender goes away: it then ends with SenderLeft."""
        return Watched(self, self._receive)


class Watched:
    """A block that ends when the sender of a request goes away."""

    __slots__ = ("_exchange", "_left", "_receive", "_task", "_timer", "_watch")

    def __init__(self, exchange: Exchange, receive: Receive) -> None:
        self._exchange, self._receive = exchange, receive
        self._left = False
        self._watch: asyncio.Future[Any] | None = None

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        # Nobody leaves within the blink of an eye: an answer that comes at once needs no watch.
        self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER_S, self._look)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._watch is not None:
            self._watch.remove_done_callback(self._gone)
            self._watch.cancel()
        if self._left and self._task is not None and kind is asyncio.CancelledError:
            self._task.uncancel()
            raise SenderLeft from None

    def _look(self) -> None:
        self._watch = asyncio.ensure_future(self._receive())
        self._watch.add_done_callback(self._gone)

    def _gone(self, future: "asyncio.Future[Any]") -> None:
        if not future.cancelled() and not self._exchange.finished and self._task is not None:
            self._left = True
            self._task.cancel()


def _too_large(most_bytes: int) -> Refusal:
    return Refusal(f"The body is larger than {most_bytes:,} bytes.", status=413)
