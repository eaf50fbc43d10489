"""The double as a server: a real socket on 127.0.0.1, faults before or after the work, a judge beside it.

    with RenderDouble() as render:
        ...  # point a client at render.url, with render.key
        render.clock.advance(60)
    assert render.violations == []

Its own doors, for other processes: GET /_violations, GET /_world, POST /_clock {"advance_s": 30},
POST /_faults [{"kind": "drop_after", "method": "POST", "path": "/services$"}].
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from miosa.testing.double_clock import Clock
from miosa.testing.render_double.delivery import Delivery
from miosa.testing.render_double.doors import door
from miosa.testing.render_double.hearing import Hearing
from miosa.testing.render_double.messages import Answer, Asked
from miosa.testing.render_double.world import KEY, World

TURN_S = 0.02


class RenderDouble:
    """One Render, of its own. `document` is the path of Render's OpenAPI document, "" for none (nothing is judged)."""

    key = KEY

    def __init__(self, document: str = "", *, port: int = 0, skew_s: float = 0.0, speed: float = 0.0) -> None:
        self.clock = Clock(skew_s=skew_s, speed=speed)
        self.world = World(self.clock)
        self.delivery = Delivery(self.world)
        self.hearing = Hearing(self.world, document)
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.double = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(TURN_S,), daemon=True)

    @property
    def url(self) -> str:
        """The base address, as RENDER_BASE_URL takes it."""
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    @property
    def violations(self) -> list[str]:
        """What was wrong with requests and answers by Render's own document."""
        return self.hearing.violations

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Method and path of every request that arrived, in order."""
        return self.hearing.heard

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hearing.closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def answer(self, asked: Asked) -> Answer | None:
        """Answer a request; None hangs up without a word."""
        own = door(self.world, self.violations, asked)
        return own if own is not None else self.hearing.answer(asked)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    double: RenderDouble


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet: in two, the second waits for an acknowledgement
    server: _Http

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, parts.path, parse_qs(parts.query, keep_blank_values=True), headers, body)
        answer = self.server.double.answer(asked)
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        if answer.content is not None:
            self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  (http.server looks for them)

    def date_time_string(self, timestamp: Any = None) -> str:
        """The Date header is by the double's clock."""
        return super().date_time_string(self.server.double.clock.now().timestamp())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: tests look at `requests`."""
