"""Read an HTTP call out of a request, and write a client for it with a test that needs nothing but a loopback."""

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from agents.text.vocabulary import vocabulary

_METHOD = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE)\b")
_URL = re.compile(r"https?://[^\s\"'`<>)\]]+")
_PATH = re.compile(r"(?<![\w/])(/[a-z][\w{}/.\-]*)")
_JSON = re.compile(r"\{[^{}]*\}")
_FIELDS = re.compile(
    r"\b(?:with|containing|including|fields?|payload|body)\s*:?\s+((?:the\s+|an?\s+)?[a-z_]+(?:(?:,\s*|\s+and\s+|,\s+and\s+)(?:the\s+|an?\s+)?[a-z_]+)*)",
    re.IGNORECASE,
)
_SENDS = re.compile(
    r"\b(?:send|post|notify|create|submit|push|publish|webhook|upload|report)\w*\b", re.IGNORECASE
)
_PLAIN = vocabulary(
    "a an the json payload body data request it them header headers token key api bearer test retries timeout error errors client function"
)


@dataclass(frozen=True)
class Call:
    """One call of an outside service; `told` names what the request itself says, the rest are parameters."""

    method: str = "GET"
    url: str = ""
    auth: str = "none"
    header: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    told: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The path and query, "/" where none is said."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def name(self) -> str:
        """The client function's name."""
        parts = [
            part
            for part in re.split(r"\W+", urlsplit(self.url).path)
            if part and not re.fullmatch(r"v\d+|api|\d+", part)
        ]
        verb = {"GET": "fetch", "POST": "send", "PUT": "put", "PATCH": "change", "DELETE": "remove"}[
            self.method
        ]
        return "_".join([verb, *(part.lower() for part in parts[-2:])]) if parts else f"{verb}_message"

    @property
    def missing(self) -> tuple[str, ...]:
        """What the request does not say and whoever uses the client must."""
        return tuple(
            what
            for what, known in (
                ("the address", self.url),
                ("the way to prove who calls", "auth" in self.told),
            )
            if not known
        )


def call_of(wanted: str) -> Call:
    """Read the call a request describes."""
    url = next((match[0].rstrip(".,;") for match in _URL.finditer(wanted)), "")
    path = next((match[1] for match in _PATH.finditer(_URL.sub(" ", wanted))), "")
    body = _body(wanted)
    method = next(
        (match[1] for match in _METHOD.finditer(wanted)), "POST" if body or _SENDS.search(wanted) else "GET"
    )
    auth, header = _auth(wanted)
    told = [
        name
        for name, known in (
            ("url", url),
            ("method", _METHOD.search(wanted)),
            ("auth", auth != "none"),
            ("body", body),
        )
        if known
    ]
    whole = url if url and urlsplit(url).path not in {"", "/"} else f"{url.rstrip('/')}{path}"
    return Call(method, whole, auth, header, body if method != "GET" else {}, tuple(told))


def _auth(wanted: str) -> tuple[str, str]:
    named = re.search(r"\b(X-[\w-]+)\b", wanted)
    if named or re.search(r"\bapi[- ]?key\b", wanted, re.IGNORECASE):
        return "key", named[1] if named else "X-Api-Key"
    if re.search(r"\b(?:bearer|oauth\w*|access token|token)\b", wanted, re.IGNORECASE):
        return "bearer", "Authorization"
    return "none", ""


def _body(wanted: str) -> dict[str, Any]:
    for match in _JSON.finditer(wanted):
        for read in (json.loads, ast.literal_eval):
            try:
                found = read(match[0])
            except (ValueError, SyntaxError):
                continue
            if isinstance(found, dict):
                return {str(key): value for key, value in found.items()}
    fields = _FIELDS.search(_URL.sub(" ", wanted))
    names = re.split(r",\s*(?:and\s+)?|\s+and\s+", fields[1]) if fields else []
    plain = [re.sub(r"^(?:the|an?)\s+", "", name.strip(), flags=re.IGNORECASE).lower() for name in names]
    return {name: name for name in plain if re.fullmatch(r"[a-z_]\w*", name) and name not in _PLAIN}


_CLIENT = '''"""Calls {method} {path} and says plainly when that fails."""

import json
import urllib.error
import urllib.request
from typing import Any

BASE_URL = {base!r}


class CallFailedError(Exception):
    """The service refused the call or could not be reached; `status` is None where there was no answer."""

    def __init__(self, status: int | None, detail: str) -> None:
        super().__init__(f"{{status or 'no answer'}}: {{detail}}")
        self.status = status


def {name}({parameters}) -> Any:
    """Return the service's answer as Python data, None where it is empty; raises CallFailedError."""
    headers = {{"Accept": "application/json"}}
{auth}{body}    request = urllib.request.Request(base_url + {path!r}, data=data, headers=headers, method={method!r})
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as error:
        raise CallFailedError(error.code, error.read().decode()[:200]) from error
    except OSError as error:
        raise CallFailedError(None, str(error)) from error
    return json.loads(text) if text else None
'''
_TEST = '''"""Tests of the client against a stand-in on the loopback: what it sends, and what it makes of a refusal."""

import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer

from client import CallFailedError, {name}

SEEN = []
ANSWER = {{"status": 200}}


class StandIn(BaseHTTPRequestHandler):
    def do(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        SEEN.append({{"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body}})
        self.send_response(ANSWER["status"])
        self.end_headers()
        self.wfile.write(b'{{"ok": true}}')

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do

    def log_message(self, *_):
        pass


class ClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = HTTPServer(("127.0.0.1", 0), StandIn)
        cls.url = f"http://127.0.0.1:{{cls.server.server_port}}"
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def test_it_sends_what_was_asked_for(self):
        ANSWER["status"] = 200
        self.assertEqual({name}({arguments}base_url=self.url), {{"ok": True}})
        self.assertEqual((SEEN[-1]["method"], SEEN[-1]["path"], SEEN[-1]["body"]), ({method!r}, {path!r}, {sent}))
{auth}
    def test_a_refusal_is_an_error_with_its_status(self):
        for status in (401, 404, 500):
            ANSWER["status"] = status
            with self.assertRaises(CallFailedError) as caught:
                {name}({arguments}base_url=self.url)
            self.assertEqual(caught.exception.status, status)

    def test_no_answer_is_an_error_without_a_status(self):
        with self.assertRaises(CallFailedError) as caught:
            {name}({arguments}base_url="http://127.0.0.1:9", timeout_s=2)
        self.assertIsNone(caught.exception.status)
'''


def client(call: Call) -> dict[str, str]:
    """Return {"client.py": ..., "test_client.py": ...}; both need only Python itself."""
    parts = urlsplit(call.url)
    base = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    wants_body, wants_key = bool(call.body) or call.method in {"POST", "PUT", "PATCH"}, call.auth != "none"
    parameters = [
        *(["payload: dict[str, Any]"] if wants_body else []),
        *(["credential: str"] if wants_key else []),
    ]
    parameters += [f"base_url: str{' = BASE_URL' if base else ''}", "timeout_s: float = 10"]
    told = "Bearer {credential}" if call.auth == "bearer" else "{credential}"
    source = _CLIENT.format(
        method=call.method,
        path=call.path,
        base=base,
        name=call.name,
        parameters=", ".join(parameters),
        auth=f'    headers["{call.header}"] = f"{told}"\n' if wants_key else "",
        body='    data = json.dumps(payload).encode()\n    headers["Content-Type"] = "application/json"\n'
        if wants_body
        else "    data = None\n",
    )
    sample = dict(call.body) or {"text": "hello"}
    arguments = (f"{sample!r}, " if wants_body else "") + ('"secret", ' if wants_key else "")
    said = told.replace("{credential}", "secret")
    test = _TEST.format(
        name=call.name,
        arguments=arguments,
        method=call.method,
        path=call.path,
        sent=repr(sample) if wants_body else "None",
        auth=f'        self.assertEqual({{name.lower(): value for name, value in SEEN[-1]["headers"].items()}}["{call.header.lower()}"], "{said}")\n'
        if wants_key
        else "",
    )
    return {"client.py": source, "test_client.py": test}
