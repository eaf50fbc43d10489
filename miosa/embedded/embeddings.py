"""The embeddings server: the OpenAI wire over MiniLM; `python -m miosa.embedded.embeddings --port N`."""

import argparse
import base64
import json
import struct
import sys
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from miosa.embedded.http_server import HttpServer
from miosa.embedded.minilm import DIMENSIONS, MODEL, MiniLm, model_file, tokenizer_file
from miosa.embedded.processes import Launch
from miosa.embedded.server import LOCALHOST, packaged
from miosa.embedded.state import CannotStart, State

MAX_INPUTS = 2048  # OpenAI's limit
MAX_BODY_BYTES = 8_000_000
MODELS = {
    "object": "list",
    "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "sentence-transformers"}],
}


class Embeddings(HttpServer):
    """What the keeper knows of this module."""

    title = "MiniLM"
    module = "miosa.embedded.embeddings"

    def launch(self, state: State, port: int) -> Launch:
        """Refuse early where a file is missing: the child could only say it in its log."""
        model_file(), tokenizer_file()
        for package in ("onnxruntime", "tokenizers"):
            packaged(package, instead="EMBEDDINGS_URL")
        return super().launch(state, port)


@dataclass(frozen=True)
class Wanted:
    """A checked request."""

    texts: list[str]
    as_base64: bool


class Refused(Exception):  # noqa: N818  reads as the answer it becomes
    """A request that cannot be answered; the message is for the caller."""

    def __init__(self, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status


def check(body: bytes) -> Wanted:
    """Read an OpenAI embeddings request. Raise Refused."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("The body is not JSON.") from None
    if not isinstance(request, dict):
        raise Refused("The body must be a JSON object.")
    texts = request.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not texts or not all(_is_text(text) for text in texts):
        raise Refused("`input` must be a text or a list of texts, none of them empty.")
    if len(texts) > MAX_INPUTS:
        raise Refused(f"`input` holds more than {MAX_INPUTS} texts.")
    if request.get("dimensions", DIMENSIONS) != DIMENSIONS:
        raise Refused(f"`dimensions` can only be {DIMENSIONS}.")
    if (encoding := request.get("encoding_format", "float")) not in {"float", "base64"}:
        raise Refused("`encoding_format` must be `float` or `base64`.")
    return Wanted(texts, encoding == "base64")


def _is_text(text: object) -> bool:
    # JSON may carry half a surrogate pair, which is no character.
    return isinstance(text, str) and text != "" and not any("\ud800" <= letter <= "\udfff" for letter in text)


def answer(wanted: Wanted, model: MiniLm) -> dict[str, Any]:
    """Return the OpenAI answer to a checked request."""
    vectors, tokens = model.embed(wanted.texts)
    shown = [_base64(vector) for vector in vectors] if wanted.as_base64 else vectors
    data = [
        {"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(shown)
    ]
    return {
        "object": "list",
        "data": data,
        "model": MODEL,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _base64(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


class Handler(BaseHTTPRequestHandler):
    """Three routes: /health, /v1/models, /v1/embeddings."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120
    model: MiniLm

    def do_GET(self) -> None:
        """Answer /health and /v1/models."""
        known = {"/health": {"status": "ok"}, "/v1/models": MODELS}
        if self.path in known:
            self._send(HTTPStatus.OK, known[self.path])
        else:
            self._refuse(Refused(f"There is no {self.path} here.", HTTPStatus.NOT_FOUND))

    def do_POST(self) -> None:
        """Answer /v1/embeddings."""
        try:
            body = self._body()
            if self.path != "/v1/embeddings":
                raise Refused(f"There is no {self.path} here.", HTTPStatus.NOT_FOUND)
            self._send(HTTPStatus.OK, answer(check(body), self.model))
        except Refused as refused:
            self._refuse(refused)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Keep the log for what matters: a line for each request would fill it."""

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            self.close_connection = True  # what follows on this connection cannot be told from a body
            raise Refused(f"The body needs a Content-Length of at most {MAX_BODY_BYTES} bytes.")
        return self.rfile.read(int(length))

    def _refuse(self, refused: Refused) -> None:
        error = {"message": str(refused), "type": "invalid_request_error", "param": None, "code": None}
        self._send(refused.status, {"error": error})

    def _send(self, status: HTTPStatus, payload: Any) -> None:
        body = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


class Wire(ThreadingHTTPServer):
    """A thread for each connection; the model itself takes one batch at a time."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no error of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main() -> None:
    """Load the model, then answer until a signal ends the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default=LOCALHOST)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    try:
        Handler.model = MiniLm()
    except CannotStart as error:
        sys.exit(str(error))
    Wire((options.host, options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
