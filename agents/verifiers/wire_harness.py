"""Runs inside the sandbox: exercises `client.py` against a stand-in that speaks HTTP on the loopback. Its text is sent.

The spec: {"mark", "credential", "exercises": [{"name", "method", "arguments", "answers": [{"status", "headers", "body"}] or null}],
"signed": [[secret, body, headers], ...]}. The client runs in a process of its own, told what to do on its standard input, so what came
over the wire is written down where it cannot reach. One line "<mark> <json>" on standard output is the answer.
"""

# ruff: noqa: BLE001, S603 - foreign code may raise anything, and starting it is the purpose
import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CALL_S = 15
ABSENT = "http://127.0.0.1:9"  # nobody listens there


class StandIn(ThreadingHTTPServer):
    """Gives one answer after another, the last one for ever, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self, answers: list[dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.came: list[dict[str, Any]] = []
        self.lock = threading.Lock()

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Reads a whole request, whatever it is."""

    server: StandIn

    def do(self) -> None:
        """Write down what came, and answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.server.lock:
            answer = self.server.answers[min(len(self.server.came), len(self.server.answers) - 1)]
            self.server.came.append(
                {"method": self.command, "path": self.path, "headers": headers, "body": body}
            )
        said = json.dumps(answer["body"]).replace("{base}", self.server.base).encode()
        self.send_response(answer["status"])
        for name, value in {"Content-Type": "application/json", **answer.get("headers", {})}.items():
            self.send_header(name, value.replace("{base}", self.server.base))
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def exercised(spec: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    """Return what came over the wire in one exercise, and what the client made of the answers."""
    wanted = {"credential": spec["credential"], "method": one["method"], "arguments": one["arguments"]}
    if one["answers"] is None:
        return {"came": [], **in_child({**wanted, "base": ABSENT})}
    server = StandIn(one["answers"])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        made = in_child({**wanted, "base": server.base})
    finally:
        server.shutdown()
        server.server_close()
    return {"came": server.came, **made}


def in_child(wanted: dict[str, Any]) -> dict[str, Any]:
    """Run the client in a process of its own."""
    command = [sys.executable, __file__, "call"]
    try:
        done = subprocess.run(
            command, input=json.dumps(wanted).encode(), capture_output=True, timeout=CALL_S, check=False
        )
        answer: dict[str, Any] = json.loads(done.stdout.decode(errors="replace").splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"error": "it did not end in time", "slept": []}
    except (ValueError, IndexError):
        return {"error": "it ended without an answer", "slept": []}
    return answer


def called(wanted: dict[str, Any]) -> dict[str, Any]:
    """Import the client and have it do one thing; waits are written down, not waited."""
    slept: list[Any] = []
    time.sleep = slept.append
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - no pathlib start-up cost in a box
    try:
        client = importlib.import_module("client")
        if wanted["method"] == "signed":
            rows = [[secret, body.encode(), headers] for secret, body, headers in wanted["arguments"]]
            return {"result": [client.signed(*row) for row in rows], "error": "", "slept": slept}
        made = client.Client(wanted["base"], credential=wanted["credential"], timeout_s=3)
        result = getattr(made, wanted["method"])(*wanted["arguments"])
        plain = result if isinstance(result, dict | list | str | int | float | None) else list(result)
        return {"result": json.loads(json.dumps(plain)), "error": "", "slept": slept}
    except BaseException as error:
        kind, said = type(error).__name__, f"{type(error).__name__}: {error}"[:300]
        return {"error": said, "kind": kind, "status": getattr(error, "status", "none told"), "slept": slept}


def child() -> None:
    """Do what standard input says, with standard output shut; the answer is one line."""
    wanted = json.load(sys.stdin)
    with contextlib.redirect_stdout(io.StringIO()):
        answer = called(wanted)
    sys.stdout.write(json.dumps(answer, default=str) + "\n")


def main() -> None:
    """Read the spec, do every exercise, write the one line."""
    with open("wire_spec.json", encoding="utf-8") as file:  # noqa: PTH123
        spec = json.load(file)
    os.remove("wire_spec.json")  # noqa: PTH107 - the client shall not read what is expected of it
    report = {one["name"]: exercised(spec, one) for one in spec["exercises"]}
    if spec["signed"]:
        report["signed"] = in_child({"method": "signed", "arguments": spec["signed"]})
    sys.stdout.write(f"{spec['mark']} {json.dumps(report)}\n")


if __name__ == "__main__":
    child() if sys.argv[1:] == ["call"] else main()
