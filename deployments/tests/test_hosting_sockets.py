"""A web socket goes through the proxy untouched, counts as use, and only to apps that agree to it."""

import base64
import os
import socket
from urllib.parse import urlsplit

import pytest

from deployments.targets.contract import Kind, Recipe
from deployments.tests.boxes import needs_boxes
from deployments.tests.hosting_fixtures import customer_fixture, host_fixture  # noqa: F401

pytestmark = needs_boxes

# Agrees to the handshake (RFC 6455, section 4.2.2), then sends every byte back in capitals.
APP = """
import base64, hashlib, os, socket, threading
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
def serve(link):
    head = b""
    while b"\\r\\n\\r\\n" not in head:
        piece = link.recv(4096)
        if not piece: return link.close()
        head += piece
    pairs = [line.split(b": ", 1) for line in head.split(b"\\r\\n")[1:] if b": " in line]
    lines = {name.lower(): value for name, value in pairs}
    if lines.get(b"upgrade", b"").lower() != b"websocket" or b"/no" in head.split(b" ")[1]:
        link.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok")
        return link.close()
    accept = base64.b64encode(hashlib.sha1(lines[b"sec-websocket-key"] + GUID).digest())
    cookie = b"Set-Cookie: a=b\\r\\n"
    link.sendall(b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + accept + b"\\r\\n" + cookie + b"\\r\\nhello ")
    while piece := link.recv(4096):
        link.sendall(piece.upper())
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    link, _ = listener.accept()
    threading.Thread(target=serve, args=(link,), daemon=True).start()
"""


@pytest.fixture
def app(customer):
    customer.recipe = Recipe(kind=Kind.WEB, runtime="python", start="exec python3 app.py")
    return customer, customer.deploy("one", {"app.py": APP})


def shake(url, path=""):
    """Ask for a web socket; return the link and the head of the answer with what came behind it."""
    parts = urlsplit(url)
    key = base64.b64encode(os.urandom(16)).decode()
    link = socket.create_connection((parts.hostname, parts.port), timeout=20)
    link.sendall(
        f"GET {parts.path}{path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nCookie: stolen=1\r\n\r\n".encode()
    )
    got = b""
    while b"\r\n\r\n" not in got and (piece := link.recv(4096)):
        got += piece
    head, _, rest = got.partition(b"\r\n\r\n")
    return link, head, rest


def read(link, got, size):
    while len(got) < size and (piece := link.recv(4096)):
        got += piece
    return got


def test_bytes_go_both_ways(app):
    """What the app sent with its answer, and everything after; no cookie is set for the shared host."""
    customer, ref = app
    link, head, rest = shake(customer.status(ref).url)
    assert head.startswith(b"HTTP/1.1 101")
    assert b"Sec-WebSocket-Accept" in head or b"sec-websocket-accept" in head.lower()
    assert b"set-cookie" not in head.lower()
    assert read(link, rest, 6) == b"hello "
    sent = b"abc" * 50_000
    link.sendall(sent)
    assert read(link, b"", len(sent)) == sent.upper()
    link.close()
    assert customer.open(ref).text == "ok"
    used = customer.server.target.host.usage()["services"]
    assert any(row["egress_bytes"] >= len(sent) for row in used), "traffic counts"


def test_an_app_that_does_not_agree_is_no_way_through(app):
    """The client is told, and the connection ends."""
    customer, ref = app
    link, head, _ = shake(customer.status(ref).url, "no")
    assert head.startswith(b"HTTP/1.1 502")
    link.close()


def test_files_have_no_sockets(customer):
    """Nor has an address that was not signed."""
    ref = customer.deploy("one", {"index.html": "x"})
    url = customer.status(ref).url
    for address in (url, url.replace("/tqog", "/xqog")):
        link, head, _ = shake(address)
        assert head.startswith(b"HTTP/1.1 404")
        link.close()
