"""Servers on loopback for the tests of outgoing calls: real sockets, a real certificate authority of their own."""

import datetime as dt
import gzip
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Answers(BaseHTTPRequestHandler):
    """Answers by path, and keeps what was asked."""

    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.server.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
        name = self.path.split("?")[0].strip("/") or "plain"
        getattr(self, f"answer_{name}")()

    do_POST = do_GET  # noqa: N815  http.server's name

    def answer_plain(self) -> None:
        self.send(b"hello", {"Set-Cookie": "session=canary"})

    def answer_redirect(self) -> None:
        self.send(b"", {"Location": self.path.partition("?")[2]}, status=302)

    def answer_again(self) -> None:
        self.send(b"", {"Location": self.path.partition("?")[2]}, status=307)

    def answer_loop(self) -> None:
        self.send(b"", {"Location": "/loop"}, status=301)

    def answer_bomb(self) -> None:
        self.send(gzip.compress(bytes(60_000_000)), {"Content-Encoding": "gzip"})

    def answer_gzip(self) -> None:
        self.send(gzip.compress(b"hello" * 1000), {"Content-Encoding": "gzip"})

    def answer_notgzip(self) -> None:
        self.send(b"this is none", {"Content-Encoding": "gzip"})

    def answer_brotli(self) -> None:
        self.send(b"xxxx", {"Content-Encoding": "br"})

    def answer_announced(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(10**9))
        self.end_headers()

    def answer_endless(self) -> None:
        """Chunks without end: only the reader can stop it."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._until_cut(b"10000\r\n" + bytes(0x10000) + b"\r\n", pause_s=0)

    def answer_drip(self) -> None:
        """A byte at a time: no single read ever takes long."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._until_cut(b"1\r\nx\r\n", pause_s=0.05)

    def answer_dripping(self) -> None:
        """The same in the headers."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self._until_cut(b"X: y\r\n", pause_s=0.05)

    def send(self, body: bytes, headers: dict[str, str], *, status: int = 200) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _until_cut(self, piece: bytes, *, pause_s: float) -> None:
        end = time.monotonic() + 20
        try:
            while time.monotonic() < end:
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(pause_s)
        except OSError:
            self.server.cut.set()
            self.close_connection = True

    def log_message(self, *_args: Any) -> None:
        """Quiet."""


class Quiet(ThreadingHTTPServer):
    """Knows what it was asked; `cut` is set once a reader has gone away in the middle."""

    daemon_threads = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.cut = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that hangs up is what these tests are about."""


@contextmanager
def serving(certificate: tuple[Path, Path] | None = None) -> Iterator[Quiet]:
    """Serve on a free port of 127.0.0.1, over TLS where a certificate (and key) is given."""
    server = Quiet(("127.0.0.1", 0), Answers)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def silent() -> Iterator[int]:
    """A port that accepts and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


class Authority:
    """A certificate authority whose files lie in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the tests")])
        made = self._signed(self._name, self._key.public_key(), x509.BasicConstraints(ca=True, path_length=0))
        (folder / "authority.pem").write_bytes(made)

    @property
    def trusted(self) -> ssl.SSLContext:
        """What a client trusts that knows this authority only."""
        return ssl.create_default_context(cafile=str(self._folder / "authority.pem"))

    def certificate(self, *names: str) -> tuple[Path, Path]:
        """Files of a certificate for these names or addresses, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
        files = self._folder / f"{names[0]}.pem", self._folder / f"{names[0]}.key"
        files[0].write_bytes(self._signed(subject, key.public_key(), alternatives))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files

    def _signed(self, subject: x509.Name, key: Any, extension: Any) -> bytes:
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .sign(self._key, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
