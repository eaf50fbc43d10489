"""Server-sent events: frames as the HTML standard spells them, the resuming header, and a reader for clients."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.renderers import BaseRenderer

from miosa.http.problem import BadParameter

MEDIA_TYPE = "text/event-stream"
LAST_EVENT_ID = "Last-Event-ID"
MOST_DIGITS = 18  # fits PostgreSQL's bigint

# A comment: keeps proxies and idle timers content, and shows the sender that nobody listens any more.
HEARTBEAT = b": heartbeat\n\n"


@dataclass(frozen=True, slots=True)
class Event:
    """One event as a client reads it."""

    data: str
    event: str = "message"
    id: str = ""


def frame(data: Any, *, event: str = "", id: int | str | None = None) -> bytes:  # noqa: A002  (the field's name)
    """One event on the wire; `data` is text, or anything JSON can say.

    Raises ValueError for an id or event name that would end its own line.
    """
    lines = [f"{name}: {_one_line(value)}" for name, value in (("id", id), ("event", event)) if _given(value)]
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    lines += [f"data: {line}" for line in _lines(text)]
    return ("\n".join(lines) + "\n\n").encode()


def retry_after(milliseconds: int) -> bytes:
    """Tells the client how long to wait before it connects again."""
    return f"retry: {milliseconds:d}\n\n".encode()


def comment(text: str) -> bytes:
    """A line that clients ignore."""
    return ("".join(f": {line}\n" for line in _lines(text)) + "\n").encode()


def last_event_id(headers: Mapping[str, str]) -> int:
    """The number of the last event the client has seen; 0 when it starts anew. Raises BadParameter."""
    text = headers.get(LAST_EVENT_ID, "").strip()
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise BadParameter("Last-Event-ID is the `id` of an event of this stream.", parameter=LAST_EVENT_ID)
    return int(text)


def stream_response(frames: Iterable[bytes]) -> StreamingHttpResponse:
    """The response that sends `frames` as they come, kept whole by caches and proxies."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(frames, content_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)


class EventStreamRenderer(BaseRenderer):
    """Lets `Accept: text/event-stream` pass content negotiation; the view streams by itself."""

    media_type = MEDIA_TYPE
    format = "event-stream"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        del accepted_media_type, renderer_context  # part of REST framework's signature
        return frame(data)


def read_events(lines: Iterable[str]) -> Iterator[Event]:
    """The events in the lines of a response body; comments and retry hints are passed over."""
    fields: dict[str, list[str]] = {}
    last_id = ""
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
            continue
        last_id = fields.get("id", [last_id])[-1]
        if "data" in fields:
            yield Event("\n".join(fields["data"]), fields.get("event", ["message"])[-1], last_id)
        fields = {}


def _given(value: object) -> bool:
    return value is not None and value != ""


def _one_line(value: object) -> str:
    text = str(value)
    if any(character in text for character in "\r\n\0"):
        raise ValueError("an event's id and name are one line")
    return text


def _lines(text: str) -> list[str]:
    """Split at the standard's own line ends only; str.splitlines knows more of them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
