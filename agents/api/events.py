"""The events of an execution as they happen (server-sent events), in two forms over one reading.

The view serves any WSGI server, a thread per reader. Under ASGI `event_door` takes the same path
before Django does: a reader then costs a coroutine, and a thread only for each look at the table.
"""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, close_old_connections
from django.http import StreamingHttpResponse
from django_tenants.utils import tenant_context
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from agents import insight
from agents.insight import EventPage
from miosa.http import problem
from miosa.http.client_address import HEADER as FORWARDED_FOR
from miosa.http.client_address import address_scope, believed
from miosa.http.event_stream import (
    HEARTBEAT,
    MEDIA_TYPE,
    EventStreamRenderer,
    frame,
    last_event_id,
    stream_response,
)
from miosa.http.known_errors import problem_from
from tenants.authentication import still_in
from tenants.models import Tenant
from tenants.principal import Principal, principal_of
from tenants.throttling import admitted

LOOK_EVERY_S = 0.25
ADMIT_EVERY_S = 1.0  # how soon a stream ends with the session or key that opened it
HEARTBEAT_S = 15.0
PATH = re.compile(r"^/api/v1/executions/([0-9a-fA-F-]{36})/events$")
SCOPE = "executions:read"
ROUTE = "events"  # as the URL conf names it: both doors count as one

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Events(APIView):
    """Follow an execution. `Last-Event-ID` resumes after the last event seen; the stream ends with the execution."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": SCOPE}
    renderer_classes = (EventStreamRenderer, JSONRenderer)

    @extend_schema(tags=["executions"], responses={(200, MEDIA_TYPE): OpenApiTypes.STR})
    def get(self, request: Request, execution_id: UUID) -> StreamingHttpResponse:
        after = last_event_id(request.headers)
        principal = principal_of(request)
        tenant = Tenant.objects.get(pk=principal.tenant_id)
        first = insight.events_after(execution_id, after)
        return stream_response(_follow(_Reader(principal, tenant, execution_id), after, first))


@dataclass
class _Reader:
    """Who follows which execution, and when it was last seen that they may."""

    principal: Principal
    tenant: Tenant
    execution_id: UUID
    told: dict[str, str] = field(default_factory=dict)  # of its limits, in headers
    admitted_s: float = field(default_factory=time.monotonic)

    def look(self, after: int) -> EventPage:
        """Return what happened since; an ended page too for who may look no longer.

        Nothing while the database is away: the stream goes on when it is back.
        """
        close_old_connections()
        try:
            if time.monotonic() - self.admitted_s >= ADMIT_EVERY_S:
                if not still_in(self.principal, SCOPE):
                    return EventPage([], ended=True)
                self.admitted_s = time.monotonic()
            with tenant_context(self.tenant):
                return insight.events_after(self.execution_id, after)
        except (OperationalError, InterfaceError):
            return EventPage([], ended=False)


def _follow(reader: _Reader, after: int, page: EventPage) -> Iterator[bytes]:
    """Yield frames. A streamed body runs after the middleware has left the tenant: it enters it anew."""
    said = time.monotonic()
    while True:
        for event in page.events:
            yield _frame(event)
            after, said = event["number"], time.monotonic()
        if page.ended:
            return
        if time.monotonic() - said > HEARTBEAT_S:
            yield HEARTBEAT
            said = time.monotonic()
        time.sleep(LOOK_EVERY_S)
        page = reader.look(after)


def _frame(event: dict[str, Any]) -> bytes:
    return frame({"at": event["at"], **event["data"]}, event=event["kind"], id=event["number"])


async def event_door(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer GET on the events' path; the caller has checked the path with `PATH`."""
    headers = {name.decode("latin-1").title(): value.decode("latin-1") for name, value in scope["headers"]}
    match = PATH.match(scope["path"])
    try:
        address = believed((scope.get("client") or ("",))[0], headers.get(FORWARDED_FOR, ""))
        asked = (match[1] if match else "", headers.get("Last-Event-Id", ""))
        reader, after, page = await _in_thread(_admit, headers.get("Authorization", ""), address, *asked)
    except Exception as error:  # noqa: BLE001  everything becomes a problem document, as in the REST API
        await _refuse(send, error)
        return
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", MEDIA_TYPE.encode() + b"; charset=utf-8"),
                (b"cache-control", b"no-store"),
                *_as_bytes(reader.told),
            ],
        }
    )
    gone = asyncio.ensure_future(_gone(receive))
    try:
        await _pour(send, gone, reader=reader, after=after, page=page)
    finally:
        gone.cancel()


async def _pour(
    send: Send, gone: asyncio.Future[None], *, reader: _Reader, after: int, page: EventPage
) -> None:
    said = time.monotonic()
    while True:
        if page.events:
            after, said = page.events[-1]["number"], time.monotonic()
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


def _admit(authorization: str, address: str, wanted: str, last_seen: str) -> tuple[_Reader, int, EventPage]:
    close_old_connections()
    with (
        address_scope(address),
        admitted(authorization, method="GET", route=ROUTE, address=address) as caller,
    ):
        principal = caller.principal
        try:
            if principal is None:
                raise caller.refusal or problem.Unauthenticated()
            if not principal.may(SCOPE):
                raise problem.Forbidden(f"This credential lacks the scope {SCOPE}.")
            execution_id, after = UUID(wanted), last_event_id({"Last-Event-ID": last_seen})
            tenant = Tenant.objects.get(pk=principal.tenant_id)
            page = insight.events_after(execution_id, after)
        except problem.Problem as refusal:
            refusal.headers |= caller.told
            raise
        return _Reader(principal, tenant, execution_id, caller.told), after, page


def _in_thread(function: Callable[..., Any], *args: Any) -> Awaitable[Any]:
    return sync_to_async(function, thread_sensitive=False)(*args)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


def _as_bytes(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


async def _refuse(send: Send, error: Exception) -> None:
    told = problem_from(error) or problem.NotFound("There is no such execution.")
    headers = [(b"content-type", problem.MEDIA_TYPE.encode())]
    headers += _as_bytes(told.headers)
    await send({"type": "http.response.start", "status": told.status, "headers": headers})
    await _body(send, json.dumps(told.document()).encode(), more=False)
