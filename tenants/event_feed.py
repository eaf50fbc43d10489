"""A tenant's events as they happen (server-sent events): one reading, two doors to it.

The frames serve any WSGI server, a thread per reader. Under ASGI `door` takes the same path before Django does: a
reader then costs a coroutine, and a thread only for each look at the table.
"""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, close_old_connections
from django_tenants.utils import tenant_context

from miosa.http import problem
from miosa.http.client_address import HEADER as FORWARDED_FOR
from miosa.http.client_address import address_scope, believed
from miosa.http.event_stream import HEARTBEAT, MEDIA_TYPE, frame, last_event_id
from miosa.http.known_errors import problem_from
from tenants.authentication import still_in
from tenants.models import Tenant
from tenants.principal import Principal
from tenants.throttling import admitted

LOOK_EVERY_S = 0.25
ADMIT_EVERY_S = 1.0  # how soon a stream ends with the session or key that opened it
HEARTBEAT_S = 15.0

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Page:
    """What happened since: each event with `number`, `kind`, `at` and `data`; `ended` when nothing follows.

    An event without a number (None) is not what a reader resumes after.
    """

    events: list[dict[str, Any]]
    ended: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """One kind of stream. `look(id, after)` reads in the tenant's scope and raises NotFound."""

    path: re.Pattern[str]  # with the id as its one group
    route: str  # as the URL conf names it: both doors count as one
    scope: str
    what: str
    look: Callable[[UUID, int], Page]


class Looks(Protocol):
    """Who follows something."""

    def look(self, after: int) -> Page:
        """Return what happened after that number."""
        ...


@dataclass
class Reader:
    """Who follows what, and when it was last seen that they may."""

    feed: Feed
    principal: Principal
    tenant: Tenant
    followed: UUID
    told: dict[str, str] = field(default_factory=dict)  # of its limits, in headers
    admitted_s: float = field(default_factory=time.monotonic)

    def look(self, after: int) -> Page:
        """Return what happened since; an ended page too for who may look no longer.

        Nothing while the database is away: the stream goes on when it is back.
        """
        close_old_connections()
        try:
            if time.monotonic() - self.admitted_s >= ADMIT_EVERY_S:
                if not still_in(self.principal, self.feed.scope):
                    return Page([], ended=True)
                self.admitted_s = time.monotonic()
            with tenant_context(self.tenant):
                return self.feed.look(self.followed, after)
        except (OperationalError, InterfaceError):
            return Page([], ended=False)


def frames(feed: Feed, principal: Principal, followed: UUID, headers: Mapping[str, str]) -> Iterator[bytes]:
    """Return the frames of a stream; the first look is done at once, so that its refusal is an answer."""
    after = last_event_id(headers)
    reader = Reader(feed, principal, Tenant.objects.get(pk=principal.tenant_id), followed)
    return follow(reader, after, feed.look(followed, after))


def follow(reader: Looks, after: int, page: Page) -> Iterator[bytes]:
    """Yield frames. A streamed body runs after the middleware has left the tenant: it enters it anew."""
    said = time.monotonic()
    while True:
        for event in page.events:
            yield _frame(event)
            after, said = event["number"] or after, time.monotonic()
        if page.ended:
            return
        if time.monotonic() - said > HEARTBEAT_S:
            yield HEARTBEAT
            said = time.monotonic()
        time.sleep(LOOK_EVERY_S)
        page = reader.look(after)


def _frame(event: dict[str, Any]) -> bytes:
    return frame({"at": event["at"], **event["data"]}, event=event["kind"], id=event["number"])


async def door(feed: Feed, scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer GET on the feed's path; the caller has checked the path."""
    headers = {name.decode("latin-1").title(): value.decode("latin-1") for name, value in scope["headers"]}
    match = feed.path.match(scope["path"])
    try:
        address = believed((scope.get("client") or ("",))[0], headers.get(FORWARDED_FOR, ""))
        asked = (match[1] if match else "", headers.get("Last-Event-Id", ""))
        reader, after, page = await _in_thread(
            _admit, feed, headers.get("Authorization", ""), address, *asked
        )
    except Exception as error:  # noqa: BLE001  everything becomes a problem document, as in the REST API
        await _refuse(send, error, feed.what)
        return
    await pour(receive, send, reader=reader, after=after, page=page, headers=reader.told)


async def pour(
    receive: Receive, send: Send, *, reader: Looks, after: int, page: Page, headers: Mapping[str, str]
) -> None:
    """Answer 200 and send what happens until it has ended, or nobody listens any more."""
    content_type = (b"content-type", MEDIA_TYPE.encode() + b"; charset=utf-8")
    told = [content_type, (b"cache-control", b"no-store"), *_as_bytes(headers)]
    await send({"type": "http.response.start", "status": 200, "headers": told})
    gone = asyncio.ensure_future(_gone(receive))
    try:
        await _pour(send, gone, reader=reader, after=after, page=page)
    finally:
        gone.cancel()


async def _pour(send: Send, gone: asyncio.Future[None], *, reader: Looks, after: int, page: Page) -> None:
    said = time.monotonic()
    while True:
        if page.events:
            after, said = max([after, *(e["number"] or 0 for e in page.events)]), time.monotonic()
            await _body(send, b"".join(map(_frame, page.events)))
        if page.ended:
            await _body(send, b"", more=False)
            return
        if time.monotonic() - said > HEARTBEAT_S:
            await _body(send, HEARTBEAT)
            said = time.monotonic()
        if (await asyncio.wait([gone], timeout=LOOK_EVERY_S))[0]:
            return
        page = await _in_thread(reader.look, after)


def _admit(
    feed: Feed, authorization: str, address: str, wanted: str, last_seen: str
) -> tuple[Reader, int, Page]:
    close_old_connections()
    with (
        address_scope(address),
        admitted(authorization, method="GET", route=feed.route, address=address) as caller,
    ):
        principal = caller.principal
        try:
            if principal is None:
                raise caller.refusal or problem.Unauthenticated()
            if not principal.may(feed.scope):
                raise problem.Forbidden(f"This credential lacks the scope {feed.scope}.")
            followed, after = UUID(wanted), last_event_id({"Last-Event-ID": last_seen})
            tenant = Tenant.objects.get(pk=principal.tenant_id)
            page = feed.look(followed, after)
        except problem.Problem as refusal:
            refusal.headers |= caller.told
            raise
        return Reader(feed, principal, tenant, followed, caller.told), after, page


def _in_thread(function: Callable[..., Any], *args: Any) -> Awaitable[Any]:
    return sync_to_async(function, thread_sensitive=False)(*args)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


def _as_bytes(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


async def _refuse(send: Send, error: Exception, what: str) -> None:
    told = problem_from(error) or problem.NotFound(f"There is no such {what}.")
    headers = [(b"content-type", problem.MEDIA_TYPE.encode())]
    headers += _as_bytes(told.headers)
    await send({"type": "http.response.start", "status": told.status, "headers": headers})
    await _body(send, json.dumps(told.document()).encode(), more=False)
