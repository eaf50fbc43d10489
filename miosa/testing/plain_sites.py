"""The addresses of a plain target on a real socket: `/public/<service>/...` and `/own/<deployment>/...`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from miosa.testing.plain_state import PlainState

TURN_S = 0.02


@contextmanager
def plain_sites(state: PlainState) -> Iterator[str]:
    """Serve what the state says until the block ends; yield the address."""
    server = _Sites(("127.0.0.1", 0), _Site)
    server.state = state
    thread = threading.Thread(target=server.serve_forever, args=(TURN_S,), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    state.set(address=address)
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Sites(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    state: PlainState


class _Site(BaseHTTPRequestHandler):
    server: _Sites

    def do_GET(self) -> None:
        _, kind, name, *_ = [*self.path.split("/"), "", "", ""]
        known = self.server.state.read()
        service = known["services"].get(name, {})
        key = name if kind == "own" else service.get("live", "")
        row = known["deployments"].get(key)
        suspended = service.get("state") == "suspended"
        status = 503 if row is None or suspended else row["answers"]
        body = f"release {row['release']}\n".encode() if row else b"nothing\n"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the parameter's name there
        """Keep quiet."""
