"""One id for each request: in the response, in every log line written for it, and in its problems."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER = "X-Request-Id"

# Short, printable and without separators: an id from outside is written into logs and headers.
SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request being served in this context; empty outside a request."""
    return _current.get()


def accepted(incoming: str | None) -> str:
    """The caller's own id when it is a sane one, else a new one."""
    return incoming if incoming and SANE.fullmatch(incoming) else uuid4().hex


@contextmanager
def request_id_scope(request_id: str) -> Iterator[str]:
    """Everything logged inside belongs to this request id (also used by tasks that continue a request)."""
    token = _current.set(request_id)
    try:
        yield request_id
    finally:
        _current.reset(token)


class RequestIdFilter(logging.Filter):
    """Puts `request_id` on every log record, so that a formatter may print it."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Django logs 4xx and 5xx after the middleware has returned, with the request on the record.
        request = getattr(record, "request", None)
        record.request_id = current_request_id() or getattr(request, "request_id", "") or "-"
        return True


class RequestIdMiddleware:
    """First in MIDDLEWARE: everything below logs and answers with the id of this request."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.later = iscoroutinefunction(get_response)
        if self.later:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if self.later:
            return self._answer_later(request)
        with request_id_scope(_mark(request)) as request_id:
            return _stamp(self.get_response(request), request_id)

    async def _answer_later(self, request: HttpRequest) -> HttpResponseBase:
        with request_id_scope(_mark(request)) as request_id:
            return _stamp(await self.get_response(request), request_id)


def _mark(request: Any) -> str:
    request.request_id = accepted(request.headers.get(HEADER))
    return str(request.request_id)


def _stamp(response: HttpResponseBase, request_id: str) -> HttpResponseBase:
    response.headers[HEADER] = request_id
    return response
