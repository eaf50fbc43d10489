"""The double as a server: a real socket on 127.0.0.1, faults before or after the work, Stripe's document as judge.

with StripeDouble() as stripe:
...  # STRIPE_API_BASE=stripe.url, STRIPE_SECRET_KEY=stripe.key
stripe.clock.advance(60)
assert stripe.violations == []
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from miosa.testing.double_clock import Clock
from miosa.testing.double_faults import Fault
from miosa.testing.stripe_double.hearing import KEY, Hearing
from miosa.testing.stripe_double.world import World

TURN_S = 0.02


class StripeDouble:
    """One Stripe, of its own, whose clock is ours until it is moved."""

    key = KEY

    def __init__(self, *, port: int = 0) -> None:
        self.clock = Clock(speed=1.0)
        self.world = World(self.clock)
        self.hearing = Hearing(self.world)
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.double = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(TURN_S,), daemon=True)

    @property
    def url(self) -> str:
        """The base address, as STRIPE_API_BASE takes it."""
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def violations(self) -> list[str]:
        """What was wrong with requests and answers by Stripe's own document."""
        return self.hearing.violations

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    double: StripeDouble


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    server: _Http

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        double = self.server.double
        fault = double.world.faults.take(self.command, parts.path)
        if fault is not None and not fault.kind.endswith("_after"):
            return self._wrong(fault, body, headers)
        status, content = double.hearing.answer(
            self.command, parts.path, query=parts.query, body=body, headers=headers
        )
        if fault is not None:
            return self._wrong(fault, body, headers)
        return self._say(status, content)

    def _wrong(self, fault: Fault, body: str, headers: dict[str, str]) -> None:
        if fault.kind.startswith("status"):
            content = {"error": {"type": "api_error", "message": "Something went wrong."}}
            self.server.double.hearing.spoil(urlsplit(self.path).path, body, headers, (fault.status, content))
            return self._say(fault.status, content)
        self.close_connection = True
        return None

    def _say(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815  (http.server looks for them)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: tests look at `world`."""
