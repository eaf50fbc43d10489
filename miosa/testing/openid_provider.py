"""A small OpenID provider on a real socket, honest or as false as a test wants.

    with OpenIDProvider() as there:
        there.person = {"sub": "1", "email": "ada@acme.example", "email_verified": True}
        ...  # send the browser to /authorize; it consents at once

It publishes its description and keys, hands out codes good for one use, checks PKCE, the client's secret and the
redirect address, and signs id_tokens. What it says falsely stands in `claims`, `algorithm` and the other switches.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID, CLIENT_SECRET = "miosa-at-the-provider", "provider-secret-0123456789"
TURN_S = 0.02


class OpenIDProvider:
    """Answers on 127.0.0.1 and a free port; every switch may be changed at any time."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {"sub": "subject-1"}
        self.claims: dict[str, Any] = {}  # laid over those of the id_token; None leaves one out
        self.described: dict[str, Any] = {}  # laid over the description
        self.userinfo: dict[str, Any] = {}
        self.algorithm = "RS256"
        self.answers_with: dict[
            str, str
        ] = {}  # laid over what the browser is sent back with; "" leaves one out
        self.out_of_order = False
        self.silent = threading.Event()  # set: requests are taken and never answered
        self.requests: list[str] = []
        self.token_requests: list[dict[str, str]] = []
        self.keys = [_key()]
        self._codes: dict[str, dict[str, str]] = {}
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.there = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(TURN_S,), daemon=True)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def rotate(self) -> None:
        """Sign with a new key from now on, and publish that one only."""
        self.keys = [_key()]

    def description(self) -> dict[str, Any]:
        here = self.issuer
        return {
            "issuer": here,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "jwks_uri": f"{here}/jwks",
            "userinfo_endpoint": f"{here}/userinfo",
            "id_token_signing_alg_values_supported": ["RS256"],
            "authorization_response_iss_parameter_supported": True,
        } | self.described

    def published_keys(self) -> dict[str, Any]:
        return dict(KeySet(self.keys).as_dict(private=False))

    def consent(self, query: dict[str, str]) -> str:
        """Return where the browser goes after its person has signed in and agreed."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        answer = {"code": code, "state": query["state"], "iss": self.issuer} | self.answers_with
        return (
            query["redirect_uri"] + "?" + urlencode({name: value for name, value in answer.items() if value})
        )

    def trade(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Return status and body of the token endpoint: each code once, to whom it was meant for."""
        self.token_requests.append(form)
        proof = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization != f"Basic {proof}":
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if asked.get("code_challenge_method") != "S256" or _base64(hashed) != asked.get("code_challenge"):
            return 400, {"error": "invalid_grant", "error_description": "PKCE"}
        body = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 60}
        return 200, body | {"id_token": self.id_token(asked["nonce"])}

    def id_token(self, nonce: str) -> str:
        """Return a token about `person`, signed by the newest key (or not at all, with the algorithm `none`)."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce}
        claims |= self.person | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.keys[-1]
        header = {"alg": self.algorithm, "kid": key.kid}
        if self.algorithm == "none":
            return f"{_part(header)}.{_part(claims)}."
        if (
            self.algorithm == "HS256"
        ):  # signed with what everybody knows: the published key as a shared secret
            signed = f"{_part(header)}.{_part(claims)}"
            return f"{signed}.{_base64(hmac.digest(key.as_pem(private=False), signed.encode(), 'sha256'))}"
        return jwt.encode(header, claims, key)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    there: OpenIDProvider

    def __init__(self, *args: Any) -> None:
        self.closing = threading.Event()
        super().__init__(*args)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def do_GET(self) -> None:
        there, parts = self._arrived()
        if parts.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self._answer(302, {}, Location=there.consent(query))
        elif parts.path == "/.well-known/openid-configuration":
            self._answer(200, there.description())
        elif parts.path == "/jwks":
            self._answer(200, there.published_keys())
        elif parts.path == "/userinfo":
            self._answer(200, there.userinfo)
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        there, _ = self._arrived()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        status, answer = there.trade(form, self.headers.get("Authorization", ""))
        self._answer(status, answer)

    def _arrived(self) -> tuple[OpenIDProvider, Any]:
        there = self.server.there
        there.requests.append(self.path)
        if there.silent.is_set():
            self.server.closing.wait()
        return there, urlsplit(self.path)

    def _answer(self, status: int, body: Any, **headers: str) -> None:
        if self.server.there.out_of_order:
            status, body, headers = 500, {}, {}
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            **headers,
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the parameter's name there
        """Keep quiet."""


def _key() -> RSAKey:
    return RSAKey.generate_key(2048, {"use": "sig", "kid": secrets.token_hex(8)})


def _part(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
