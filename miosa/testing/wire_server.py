"""A scriptable server on a real socket that speaks the OpenAI wire, politely or as rudely as a test wants.

    with WireServer(lambda asked: Reply(text="yes" if asked.model == "a" else "no")) as server:
        ...  # point a client at server.url
    assert server.requests[0].prompt == "..."

`models` may map ids to more fields of their rows; `embeddings` may return a status instead of a body. It keeps every
request, tells when a client hung up, and answers /chat/completions (whole or streamed), /models and /embeddings. It checks no key: what was sent stands in `Asked.headers`.
"""

import hashlib
import json
import math
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from miosa.testing.wire_replies import Abort, Pause, Reply, Step, steps_of

CHAT = "/v1/chat/completions"
TURN_S = 0.02
DIMENSIONS = 384


@dataclass
class Asked:
    """One request as it arrived. `hung_up` is set when the client closes before the answer ended."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    hung_up: threading.Event = field(default_factory=threading.Event)
    answered: threading.Event = field(default_factory=threading.Event)

    @property
    def model(self) -> str:
        return str(self.body.get("model", ""))

    @property
    def prompt(self) -> str:
        """The text of the last turn."""
        turns = self.body.get("messages") or [{}]
        return str(turns[-1].get("content", ""))

    @property
    def streamed(self) -> bool:
        return bool(self.body.get("stream"))


Script = Callable[[Asked], Reply]


class WireServer:
    """Answers each chat request by the script, on 127.0.0.1 and a free port; `script` may be replaced at any time."""

    def __init__(
        self,
        script: Script | None = None,
        *,
        models: Iterable[str] | Mapping[str, Mapping[str, Any]] = (),
        embeddings: Callable[[Mapping[str, Any]], Any] | None = None,
    ) -> None:
        self.script: Script = script or (lambda asked: Reply(text=f"echo: {asked.prompt}"))
        self.models = tuple(models)
        self.facts = dict(models) if isinstance(models, Mapping) else {}
        self.embeddings = embeddings or text_vectors
        self.requests: list[Asked] = []
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.wire = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(TURN_S,), daemon=True)

    @property
    def url(self) -> str:
        """The base URL of the wire, ending in /v1."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def chats(self, model: str | None = None) -> list[Asked]:
        """The chat requests so far, of one model or of all."""
        chats = [asked for asked in list(self.requests) if asked.path == CHAT]
        return [asked for asked in chats if model in (None, asked.model)]

    def close(self) -> None:
        """Stop answering; every open connection ends."""
        self._http.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    wire: WireServer

    def __init__(self, *args: Any) -> None:
        self.closing = threading.Event()
        super().__init__(*args)


class _Gone(Exception):  # noqa: N818
    """The client hung up, or the server is closing."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def do_GET(self) -> None:
        asked = self._kept({})
        if asked.path == "/v1/models":
            self._json(
                {
                    "object": "list",
                    "data": [
                        {"id": name, "object": "model", **self.server.wire.facts.get(name, {})}
                        for name in self.server.wire.models
                    ],
                }
            )
        else:
            self._json({"error": {"message": "no such path"}}, status=404)

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        try:
            body = json.loads(self.rfile.read(size))
        except ValueError:
            self._json({"error": {"message": "the body is no JSON"}}, status=400)
            return
        asked = self._kept(body)
        if asked.path == "/v1/embeddings":
            said = self.server.wire.embeddings(body)
            refused = isinstance(said, int)
            self._json(
                {"error": {"message": "scripted"}} if refused else said, status=said if refused else 200
            )
        elif asked.path == CHAT:
            self._chat(asked)
        else:
            self._json({"error": {"message": "no such path"}}, status=404)

    def _kept(self, body: dict[str, Any]) -> Asked:
        asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.server.wire.requests.append(asked)
        return asked

    def _chat(self, asked: Asked) -> None:
        reply = self.server.wire.script(asked)
        try:
            self._wait(reply.before_s)
            self.send_response(reply.status)
            for name, value in {"Content-Type": reply.content_type(asked.streamed), **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Connection", "close")  # the answer ends where the connection does
            self.end_headers()
            for step in steps_of(reply, model=asked.model, streamed=asked.streamed, prompt=asked.prompt):
                self._take(step)
            asked.answered.set()
        except (_Gone, OSError):
            asked.hung_up.set()
        self.close_connection = True

    def _take(self, step: Step) -> None:
        match step:
            case bytes():
                self.wfile.write(step)
                self.wfile.flush()
            case Pause(seconds):
                self._wait(seconds)
            case Abort():
                # Linger 0: the connection is reset, not ended in order.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                raise _Gone

    def _wait(self, seconds: float) -> None:
        """Do nothing for so long, but notice a client that goes away."""
        turns = math.ceil(seconds / TURN_S) if seconds < math.inf else None
        while turns is None or turns > 0:
            readable, _, _ = select.select([self.connection], [], [], TURN_S)
            if self.server.closing.is_set() or (readable and not self.connection.recv(1, socket.MSG_PEEK)):
                raise _Gone
            turns = None if turns is None else turns - 1

    def _json(self, content: Any, *, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: pytest shows what matters."""


def text_vectors(body: Mapping[str, Any]) -> dict[str, Any]:
    """Unit vectors that depend on the text alone."""
    given = body.get("input") or []
    texts = [given] if isinstance(given, str) else given
    rows = []
    for place, text in enumerate(texts):
        seed = hashlib.shake_256(str(text).encode("utf-8", "replace")).digest(DIMENSIONS)
        numbers = [byte - 127.5 for byte in seed]
        length = math.hypot(*numbers)
        rows.append(
            {"object": "embedding", "index": place, "embedding": [number / length for number in numbers]}
        )
    tokens = sum(len(str(text).split()) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": rows, "model": str(body.get("model", "")), "usage": usage}
