"""One try at one provider: the request goes out, the answer comes back whole or in pieces, every fault has its name.

aiohttp and not httpx: measured at 16 calls in flight, a call costs httpx twelve times as much CPU, and httpx over
aiohttp's transport three times. Cookies are never kept, so none of one tenant is sent with another's request.
"""

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Any, NamedTuple

import aiohttp
import orjson

from routing.providers.contract import BrokenAnswer, Refused, Unreachable
from routing.providers.redaction import Secret, redact
from routing.providers.wire import error_message
from routing.rates import pause_s, retry_after_s

CONNECT_S = 3.0
KEEPALIVE_S = 30.0
MAX_ANSWER_BYTES = 32_000_000
MAX_ERROR_BYTES = 65_536
READ_BYTES = 1 << 18
OK = 200

Response = aiohttp.ClientResponse
# What a dead connection looks like, whatever broke it: its own words are shown, the address is not.
BROKEN = (aiohttp.ClientError, OSError, TimeoutError, aiohttp.http.HttpProcessingError, UnicodeError)


class Sent(NamedTuple):
    """A request as it goes out; `secret` is shown nowhere."""

    url: str
    headers: dict[str, str]
    body: bytes
    secret: Secret


class Upstream:
    """The connections of one event loop to all providers."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def session(self) -> aiohttp.ClientSession:
        """Return the session, made when it is first needed: it belongs to the running loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_S, ttl_dns_cache=30),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
                auto_decompress=False,
                trust_env=False,
                read_bufsize=READ_BYTES,
                max_line_size=65_536,
                max_field_size=65_536,
            )
        return self._session

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def opened(self, sent: Sent) -> Response:
        """Send a request and return its answer, of which nothing is read yet; close it, however it goes on.

        Raises Refused for an error status, Unreachable where no answer begins.
        """
        try:
            response = await self.session().post(
                sent.url, data=sent.body, headers=sent.headers, allow_redirects=False
            )
        except BROKEN as error:
            raise unreachable(error, sent.secret) from error
        if response.status == OK:
            return response
        try:
            raise await _refused(response, sent.secret)
        finally:
            response.close()


async def whole(response: Response, secret: Secret) -> bytes:
    """Return the body. Raises BrokenAnswer where it is too large, Unreachable where it is cut off."""
    length = response.content_length
    parts, size = [], 0
    if length is not None and length > MAX_ANSWER_BYTES:
        raise BrokenAnswer(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
    try:
        while piece := await response.content.readany():
            size += len(piece)
            if size > MAX_ANSWER_BYTES:
                raise BrokenAnswer(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
            parts.append(piece)
    except BROKEN as error:
        raise unreachable(error, secret) from error
    return b"".join(parts)


def pause_of(response: Response) -> float | None:
    """Return how long nothing is left of the provider's rate, as its headers tell."""
    headers = response.headers
    told = "x-ratelimit-remaining-requests" in headers or "x-ratelimit-remaining-tokens" in headers
    return pause_s(headers) if told else None


def unreachable(error: BaseException, secret: Secret) -> Unreachable:
    """Return what a broken connection is to us."""
    return Unreachable(f"the connection failed: {redact(str(error) or type(error).__name__, secret)[:200]}")


async def _refused(response: Response, secret: Secret) -> Refused:
    said = b""
    with contextlib.suppress(*BROKEN):  # the status says enough
        async with asyncio.timeout(2):
            said = await response.content.read(MAX_ERROR_BYTES)
    reason = error_message(_json_or_text(said)) or response.reason or "no reason given"
    return Refused(
        f"{response.status}: {redact(reason, secret)}",
        status=response.status,
        retry_after_s=retry_after_s(response.headers, now=datetime.now(UTC)),
    )


def _json_or_text(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace").strip()
