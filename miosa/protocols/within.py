"""Ask our own REST routes from inside the process, as whoever asks us.

A protocol that is spoken here has no rights of its own: each of its calls is one request of REST with the caller's
credential. Scopes, limits, tenants, audit and the checks of what is sent are those of REST, because they are REST.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

HERE = "http://within"
KEPT = ("authorization", "host", "x-forwarded-for", "idempotency-key", "x-request-id")
TOTAL_S = 120.0
CLIENT_ERRORS, TOO_MANY = 400, 429
STRANGERS = '"address"'  # the limit that requests without a good key count against
TOLD = ("www-authenticate", "retry-after", "ratelimit-policy", "ratelimit")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request it is: the headers that say so, and the address it came from."""

    headers: Mapping[str, str]
    address: tuple[str, int]

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> "Caller":
        """Return the caller of an ASGI request."""
        told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        address = scope.get("client") or ("", 0)
        return cls({name: told[name] for name in KEPT if name in told}, (address[0], address[1]))


@dataclass(frozen=True, slots=True)
class Answer:
    """What REST answered; `told` is its document, or {"text": ...} or {"base64": ...} where it is none."""

    status: int
    told: Any
    retry_after_s: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """False where REST refused; `told` is then a problem document."""
        return self.status < CLIENT_ERRORS


@dataclass(frozen=True, slots=True)
class Within:
    """`application` is our own ASGI application."""

    application: Any

    async def ask(
        self,
        caller: Caller,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> Answer:
        """Send one request below /api/v1; `path` may not leave it.

        It goes on to its end when whoever asked is gone: a thread that is left with half an answer would wait for ever.
        """
        return await asyncio.shield(self._asked(caller, method, path, query, body))

    async def _asked(self, caller: Caller, method: str, path: str, query: Any, body: Any) -> Answer:
        transport = httpx.ASGITransport(app=self.application, client=caller.address)
        async with httpx.AsyncClient(transport=transport, base_url=HERE, timeout=TOTAL_S) as client:
            answer = await client.request(
                method, f"/api/v1/{path}", params=query, json=body, headers=dict(caller.headers)
            )
        wait = answer.headers.get("retry-after", "")
        wait_s = float(wait) if wait.isdecimal() else 0.0
        return Answer(answer.status_code, _told(answer), wait_s, answer.headers)

    async def known(self, scope: Mapping[str, Any], send: Any) -> bool:
        """Tell whether the caller of an ASGI request has a good key; without one it is answered here, as REST answers it.

        A good key that asks too often is good: what it asks for says so.
        """
        who = await self.ask(Caller.of(scope), "GET", "me")
        if who.ok or (who.status == TOO_MANY and STRANGERS not in who.headers.get("ratelimit-policy", "")):
            return True
        told = [(name, who.headers[name]) for name in TOLD if name in who.headers]
        headers = [(b"content-type", b"application/problem+json")]
        headers += [(name.encode(), value.encode("latin-1")) for name, value in told]
        await send({"type": "http.response.start", "status": who.status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(who.told).encode()})
        return False


def _told(answer: httpx.Response) -> Any:
    if not answer.content:
        return {}
    if answer.headers.get("content-type", "").partition(";")[0].endswith("json"):
        return answer.json()
    try:
        return {"text": answer.content.decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(answer.content).decode()}


def part(value: Any) -> str:
    """Return a value as one part of a path: it cannot add others, and cannot take others away as `.` and `..` would."""
    return quote(str(value), safe="") if str(value).strip(".") else "-"
