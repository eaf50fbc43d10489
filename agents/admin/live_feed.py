"""An execution as staff watch it: one look as JSON, and a stream of such looks that resumes where it was cut off."""

import hashlib
import json
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, close_old_connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.urls import reverse

from agents.admin.live_inside import asked, caller_of
from agents.admin.live_rows import execution_of, with_names
from agents.models import Execution
from agents.watching import reading
from miosa.http.event_stream import stream_response
from miosa.pages.rows import as_tenant
from tenants.event_feed import Page, Receive, Send, follow, pour

LOOK_EVERY_S = 0.5
PATH = re.compile(r"^/admin/agents/execution/([0-9a-fA-F-]{36})/live/events/$")
OK, FORBIDDEN, CLIENT_ERRORS, SERVER_ERRORS = 200, 403, 400, 500
MOST_DIGITS = 18


class Cut(Exception):  # noqa: N818  it reads as what happened
    """The admin did not let the watcher look; `status` is what it answered."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The admin answered {status}.")
        self.status = status if status >= CLIENT_ERRORS else FORBIDDEN


def since_view(request: HttpRequest, execution_id: UUID, model_admin: Any) -> HttpResponse:
    """Answer what changed after the event `after`, and what stands beside the events where it is not what was `seen`."""
    execution = execution_of(request, execution_id, model_admin)
    after = _number(request.GET.get("after", ""))
    patches = reading.since(execution, after) if execution.events > after else []
    beside = _beside(execution)
    digest = hashlib.sha256(json.dumps(beside, sort_keys=True, default=str).encode()).hexdigest()
    number = patches[-1]["number"] if patches else after
    told = {
        "patches": patches,
        "beside": beside if digest != request.GET.get("seen") else None,
        "digest": digest,
        "ended": execution.ended and number >= execution.events,
    }
    return JsonResponse(told, headers={"Cache-Control": "no-store"})


def events_view(request: HttpRequest, execution_id: UUID, model_admin: Any) -> HttpResponseBase:
    """Stream it; under ASGI the door is taken before Django is."""
    execution_of(request, execution_id, model_admin)
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    watcher = Watcher(request.META, str(execution_id))
    after = _number(request.headers.get("Last-Event-ID") or request.GET.get("after", ""))
    try:
        return stream_response(follow(watcher, after, watcher.first(after)))
    except Cut as cut:
        return HttpResponse(status=cut.status)


async def door(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer GET on the stream's path under ASGI: a watcher costs a coroutine, and a thread for each look."""
    found = PATH.match(scope["path"])
    caller = caller_of(scope)
    asked_for = re.search(r"(?:^|&)after=(\d+)", scope.get("query_string", b"").decode("latin-1"))
    last = caller.get("HTTP_LAST_EVENT_ID") or (asked_for[1] if asked_for else "")
    watcher, after = Watcher(caller, found[1] if found else ""), _number(last)
    try:
        page = await sync_to_async(watcher.begin, thread_sensitive=False)(after)
    except Cut as cut:
        await send({"type": "http.response.start", "status": cut.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    await pour(receive, send, reader=watcher, after=after, page=page, headers={"X-Accel-Buffering": "no"})


class Watcher:
    """Looks through the admin's own front door, as the person whose request opened the stream."""

    def __init__(self, caller: Mapping[str, Any], execution_id: str) -> None:
        self._caller, self._seen, self._next_s = caller, "", 0.0
        self._path = (
            reverse("admin:agents_execution_live_since", args=[execution_id]) if execution_id else "/"
        )

    def begin(self, after: int) -> Page:
        """Return what there is for a stream that no request of Django's opened. Raises Cut."""
        close_old_connections()
        return self.first(after)

    def look(self, after: int) -> Page:
        """Return what happened since; an ended page too for who may look no longer."""
        if time.monotonic() < self._next_s:
            return Page([], ended=False)
        self._next_s = time.monotonic() + LOOK_EVERY_S
        close_old_connections()
        try:
            return self.first(after)
        except Cut as cut:
            return Page([], ended=cut.status < SERVER_ERRORS)
        except (OperationalError, InterfaceError):
            return Page([], ended=False)  # the database is away: the stream goes on when it is back

    def first(self, after: int) -> Page:
        """Return the same at once. Raises Cut."""
        answer = asked(self._caller, self._path, urlencode({"after": after, "seen": self._seen}))
        if answer.status_code != OK:
            raise Cut(answer.status_code)
        told = json.loads(answer.content)
        self._seen = told["digest"]
        events = [_event("patch", patch, number=patch.get("number")) for patch in told["patches"]]
        if told["beside"]:
            events.append(_event("beside", told["beside"]))
        if told["ended"]:
            events.append(_event("end", {}))
        return Page(events, ended=told["ended"])


def _beside(execution: Execution) -> dict[str, Any]:
    """What is no event: answers to approvals, what those below use, and what models are writing at this moment."""
    text: dict[str, dict[str, str]] = {}
    if not execution.ended:
        with as_tenant(execution.tenant):
            text = reading.spoken(execution)
    return {**with_names(reading.approvals_now(execution.pk)), **reading.below_now(execution), "text": text}


def _event(kind: str, data: dict[str, Any], *, number: int | None = None) -> dict[str, Any]:
    return {"number": number, "kind": kind, "at": "", "data": data}


def _number(text: str) -> int:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= MOST_DIGITS else 0
