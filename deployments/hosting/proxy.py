"""Hands a request on to an app and its answer back, both as streams; nothing of the app reaches the net but this."""

import asyncio
import contextlib
from dataclasses import dataclass

import h11

from deployments.hosting import pages
from deployments.hosting.apps.app import BUSY_AT, App, AppDown
from deployments.hosting.finding import Found
from deployments.hosting.host import Host
from deployments.hosting.protection import Form, Headers
from deployments.hosting.proxy_headers import to_app, to_client
from deployments.hosting.records import Deployed
from deployments.hosting.running import app_of
from deployments.hosting.wire import Receive, Scope, Send, answer, answer_page

WAKE_S, ANSWER_S, SILENCE_S = 20.0, 60.0, 300.0
BODY_BYTES = 32 * 1024 * 1024
HEAD_BYTES = 64 * 1024
READ_BYTES = 64 * 1024


class TooLarge(Exception):  # noqa: N818  (it reads as what it is)
    """The request's body is larger than what is handed on."""


class Gone(Exception):  # noqa: N818  (as above)
    """The client went away."""


async def forward(host: Host, scope: Scope, receive: Receive, send: Send, *, found: Found, deployed: Deployed, protection: Headers) -> int:  # fmt: skip
    """Answer one request through the app; return the bytes of the answer's body."""
    app = app_of(host, found.site, deployed)
    head = scope["method"] == "HEAD"
    if app.requests >= BUSY_AT:
        return await answer_page(send, pages.BUSY, protection, head=head)
    if found.form is Form.PATH and _asks_leave(scope):
        return await answer(send, 204, _leave(scope, protection))
    exchange = Exchange(send, found, protection)
    async with app.request(visit=not host.is_look(scope["headers"])):
        try:
            connection = await connected(app)
        except (AppDown, TimeoutError):
            return await answer_page(
                send, pages.FAILED if app.failure else pages.NOT_UP, protection, head=head
            )
        page = await _exchanged(exchange, connection, scope, receive)
    if page and not exchange.started:
        return await answer_page(send, page, protection, head=head)
    return (
        exchange.sent
    )  # half an answer stays one: the server cuts the connection, so that it is seen as such


async def connected(app: App) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection to the app, woken where it sleeps. Raises AppDown, TimeoutError."""
    async with asyncio.timeout(WAKE_S):
        return await asyncio.open_connection(sock=await app.connect(), limit=READ_BYTES)


async def _exchanged(exchange: "Exchange", connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], scope: Scope, receive: Receive) -> pages.Page | None:  # fmt: skip
    """Let it happen; return the page for the client where it went wrong."""
    reader, writer = connection
    try:
        await exchange.run(reader, writer, scope, receive)
    except TooLarge:
        return pages.TOO_LARGE
    except TimeoutError:
        return pages.TOO_SLOW
    except Gone:
        exchange.started = True
    except (h11.RemoteProtocolError, h11.LocalProtocolError, OSError, EOFError):
        return pages.BROKEN
    finally:
        writer.close()
    return None


@dataclass(slots=True)
class Exchange:
    """One request and its answer."""

    send: Send
    found: Found
    protection: Headers
    started: bool = False
    sent: int = 0
    sending_is_over: bool = False

    async def run(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, scope: Scope, receive: Receive
    ) -> None:
        """Send and receive at once: an app may answer before it has read everything."""
        wire = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        raw = wire.send(_request(scope, self.found))
        writer.write(raw or b"")
        sending = asyncio.create_task(self._send_body(wire, writer, receive))
        answering = asyncio.create_task(self._answer(wire, reader))
        try:
            await asyncio.wait({sending, answering}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done() and (error := sending.exception()) and not isinstance(error, OSError):
                raise error
            await answering
        finally:
            for task in (sending, answering):
                task.cancel()
            await asyncio.gather(sending, answering, return_exceptions=True)

    async def _send_body(self, wire: h11.Connection, writer: asyncio.StreamWriter, receive: Receive) -> None:
        """Hand the body on, then wait: only the client's going away ends this. Raises TooLarge, Gone."""
        total = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            body = message.get("body", b"")
            total += len(body)
            if total > BODY_BYTES:
                raise TooLarge
            if body:
                writer.write(wire.send(h11.Data(body)) or b"")
                await writer.drain()
            if not message.get("more_body"):
                break
        writer.write(wire.send(h11.EndOfMessage()) or b"")
        with contextlib.suppress(OSError):
            await writer.drain()
        self.sending_is_over = True
        while (await receive())["type"] != "http.disconnect":
            pass
        raise Gone

    async def _answer(self, wire: h11.Connection, reader: asyncio.StreamReader) -> None:
        while True:
            event = wire.next_event()
            if event is h11.NEED_DATA:
                async with asyncio.timeout(
                    SILENCE_S if self.started or not self.sending_is_over else ANSWER_S
                ):
                    wire.receive_data(await reader.read(READ_BYTES))
            elif isinstance(event, h11.Response):
                await self._begin(event)
            elif isinstance(event, h11.Data):
                self.sent += len(event.data)
                await self.send({"type": "http.response.body", "body": bytes(event.data), "more_body": True})
            elif isinstance(event, h11.EndOfMessage):
                await self.send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                raise EOFError

    async def _begin(self, response: h11.Response) -> None:
        received = [(bytes(name), bytes(value)) for name, value in response.headers]
        headers = to_client(
            received, form=self.found.form, prefix=self.found.prefix, protection=self.protection
        )
        self.started = True
        await self.send({"type": "http.response.start", "status": response.status_code, "headers": headers})


def _request(scope: Scope, found: Found) -> h11.Request:
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    return h11.Request(
        method=scope["method"],
        target=found.raw_path + query,
        headers=app_headers(scope, found),
        http_version=b"1.1",
    )


def app_headers(scope: Scope, found: Found, *, upgrade: bool = False) -> Headers:
    """Return the headers for the app; HTTP/1.0 without a Host gets one."""
    client = (scope.get("client") or ("",))[0]
    headers = (
        scope["headers"]
        if any(name == b"host" for name, _ in scope["headers"])
        else [(b"host", b"localhost"), *scope["headers"]]
    )
    return to_app(
        headers, form=found.form, client=client, scheme=scope["scheme"], prefix=found.prefix, upgrade=upgrade
    )


def _asks_leave(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    return scope["method"] == "OPTIONS" and {b"origin", b"access-control-request-method"} <= names


def _leave(scope: Scope, protection: Headers) -> Headers:
    """A page in path form is a stranger to its own app; it may ask, as it never brings anybody's credentials."""
    asked = dict(scope["headers"]).get(b"access-control-request-headers", b"")
    allowed = [
        (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
        (b"access-control-max-age", b"600"),
    ]
    return [*protection, *allowed, (b"access-control-allow-headers", asked)]
