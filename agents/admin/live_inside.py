"""Ask a page of the admin from inside the process, as whoever asks us: with the same cookies and from the same address.

What goes on after a request, such as a stream, has no rights of its own: each look is a request of the admin, so its
session, second factor, permissions and chosen place are checked each time, by what checks every other.
"""

import io
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpResponse

HEADERS = ("HTTP_COOKIE", "HTTP_HOST", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO")
PLACE = ("REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme")


def asked(caller: Mapping[str, Any], path: str, query: str) -> HttpResponse:
    """GET a path of the admin for a caller, whose environment is that of WSGI."""
    environ = {name: caller[name] for name in (*HEADERS, *PLACE) if name in caller}
    environ |= {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "wsgi.input": io.BytesIO(),
    }
    return cast(HttpResponse, _handler().get_response(WSGIRequest(environ)))


def caller_of(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the environment of an ASGI request, as far as a caller is known by it."""
    headers = {
        f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}": value.decode("latin-1")
        for name, value in scope["headers"]
        if b"_" not in name
    }
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    return headers | {
        "REMOTE_ADDR": client[0],
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "wsgi.url_scheme": scope.get("scheme", "http"),
    }


@cache
def _handler() -> WSGIHandler:
    return WSGIHandler()
