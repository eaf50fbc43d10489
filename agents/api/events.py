"""The events of an execution as they happen (server-sent events), in two forms over one reading.

The view serves any WSGI server, a thread per reader. Under ASGI `event_door` takes the same path
before Django does: a reader then costs a coroutine, and a thread only for each look at the table.
"""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, ClassVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import close_old_connections
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
from miosa.http.event_stream import (
    HEARTBEAT,
    MEDIA_TYPE,
    EventStreamRenderer,
    frame,
    last_event_id,
    stream_response,
)
from miosa.http.known_errors import problem_from
from tenants.authentication import entered
from tenants.models import Tenant
from tenants.principal import principal_of

LOOK_EVERY_S = 0.25
HEARTBEAT_S = 15.0
PATH = re.compile(r"^/api/v1/executions/([0-9a-fA-F-]{36})/events$")
SCOPE = "executions:read"

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Events(APIView):
    """Follow an execution. `Last-Event-ID` resumes after the last event seen; the stream ends with the execution."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": SCOPE}
    renderer_classes = (EventStreamRenderer, JSONRenderer)

    @extend_schema(tags=["executions"], responses={(200, MEDIA_TYPE): OpenApiTypes.STR})
    def get(self, request: Request, execution_id: UUID) -> StreamingHttpResponse:
        after = last_event_id(request.headers)
        tenant = Tenant.objects.get(pk=principal_of(request).tenant_id)
        first = insight.events_after(execution_id, after)
        return stream_response(_follow(tenant, execution_id, after, first))


def _follow(tenant: Tenant, execution_id: UUID, after: int, page: EventPage) -> Iterator[bytes]:
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
        page = _look(tenant, execution_id, after)


def _look(tenant: Tenant, execution_id: UUID, after: int) -> EventPage:
    close_old_connections()
    with tenant_context(tenant):
        return insight.events_after(execution_id, after)


def _frame(event: dict[str, Any]) -> bytes:
    return frame({"at": event["at"], **event["data"]}, event=event["kind"], id=event["number"])


async def event_door(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer GET on the events' path; the caller has checked the path with `PATH`."""
    headers = {name.decode("latin-1").title(): value.decode("latin-1") for name, value in scope["headers"]}
    match = PATH.match(scope["path"])
    try:
        execution_id = UUID(match[1] if match else "")
        after = last_event_id({"Last-Event-ID": headers.get("Last-Event-Id", "")})
        tenant, page = await _in_thread(_admit, headers.get("Authorization", ""), execution_id, after)
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
            ],
        }
    )
    gone = asyncio.ensure_future(_gone(receive))
    try:
        await _pour(send, gone, tenant=tenant, execution_id=execution_id, after=after, page=page)
    finally:
        gone.cancel()


async def _pour(
    send: Send, gone: asyncio.Future[None], *, tenant: Tenant, execution_id: UUID, after: int, page: EventPage
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
        page = await _in_thread(_look, tenant, execution_id, after)


def _admit(authorization: str, execution_id: UUID, after: int) -> tuple[Tenant, EventPage]:
    close_old_connections()
    with entered(authorization) as principal:
        if not principal.may(SCOPE):
            raise problem.Forbidden(f"This credential lacks the scope {SCOPE}.")
        return Tenant.objects.get(pk=principal.tenant_id), insight.events_after(execution_id, after)


def _in_thread(function: Callable[..., Any], *args: Any) -> Awaitable[Any]:
    return sync_to_async(function, thread_sensitive=False)(*args)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _refuse(send: Send, error: Exception) -> None:
    told = problem_from(error) or problem.NotFound("There is no such execution.")
    headers = [(b"content-type", problem.MEDIA_TYPE.encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in told.headers.items()]
    await send({"type": "http.response.start", "status": told.status, "headers": headers})
    await _body(send, json.dumps(told.document()).encode(), more=False)
