"""Web sockets: after the app agreed to switch, bytes go both ways untouched."""

import asyncio
import contextlib

import h11

from deployments.hosting.apps.app import BUSY_AT, AppDown
from deployments.hosting.finding import Found
from deployments.hosting.host import Host
from deployments.hosting.protection import Form
from deployments.hosting.proxy import ANSWER_S, HEAD_BYTES, READ_BYTES, SILENCE_S, app_headers, connected
from deployments.hosting.proxy_headers import HOST_WIDE
from deployments.hosting.records import Deployed
from deployments.hosting.running import app_of
from deployments.hosting.wire import Scope

REFUSED = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
SWITCHING = 101


async def open_tunnel(host: Host, scope: Scope, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, found: Found, deployed: Deployed) -> int:  # fmt: skip
    """Switch, and carry bytes until one side ends; return the bytes sent to the client."""
    app = app_of(host, found.site, deployed)
    if app.requests >= BUSY_AT:
        writer.write(REFUSED)
        return 0
    async with app.request():
        try:
            app_reader, app_writer = await connected(app)
        except (AppDown, TimeoutError):
            writer.write(REFUSED)
            return 0
        try:
            if (rest := await _switched(scope, found, app_reader, app_writer, writer)) is None:
                writer.write(REFUSED)
                return 0
            writer.write(rest)
            return len(rest) + await _carried(reader, writer, app_reader, app_writer)
        finally:
            app_writer.close()


async def _switched(scope: Scope, found: Found, app_reader: asyncio.StreamReader, app_writer: asyncio.StreamWriter, writer: asyncio.StreamWriter) -> bytes | None:  # fmt: skip
    """Let the app answer the handshake; return what it sent after that, None where it does not switch."""
    wire = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    headers = app_headers(scope, found, upgrade=True)
    request = h11.Request(method="GET", target=found.raw_path + query, headers=headers, http_version=b"1.1")
    try:
        app_writer.write((wire.send(request) or b"") + (wire.send(h11.EndOfMessage()) or b""))
        async with asyncio.timeout(ANSWER_S):
            while (event := wire.next_event()) is h11.NEED_DATA:
                wire.receive_data(await app_reader.read(READ_BYTES))
    except (h11.ProtocolError, OSError, TimeoutError):
        return None
    if not isinstance(event, h11.InformationalResponse) or event.status_code != SWITCHING:
        return None
    dropped = HOST_WIDE if found.form is Form.PATH else frozenset()
    kept = [
        b"%s: %s\r\n" % (name, value)
        for name, value in event.headers.raw_items()
        if name.lower() not in dropped
    ]
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\n" + b"".join(kept) + b"\r\n")
    return bytes(wire.trailing_data[0])


async def _carried(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, app_reader: asyncio.StreamReader, app_writer: asyncio.StreamWriter) -> int:  # fmt: skip
    counted = [0, 0]
    ways = [
        asyncio.create_task(_carry(reader, app_writer, counted, 0)),
        asyncio.create_task(_carry(app_reader, writer, counted, 1)),
    ]
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for way in ways:
        way.cancel()
    await asyncio.gather(*ways, return_exceptions=True)
    return counted[1]


async def _carry(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, counted: list[int], place: int
) -> None:
    with contextlib.suppress(OSError, TimeoutError):
        while True:
            async with asyncio.timeout(SILENCE_S):
                chunk = await source.read(READ_BYTES)
            if not chunk:
                return
            counted[place] += len(chunk)
            sink.write(chunk)
            await sink.drain()
