"""Who acts: set once where somebody is let in, asked where something is recorded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

SYSTEM = "system"

_current: ContextVar[str] = ContextVar("actor", default=SYSTEM)


def current_actor() -> str:
    """Return `user:<id>`, `key:<id>` or `staff:<id>` of the request being served; `system` where nobody asked."""
    return _current.get()


@contextmanager
def acting_as(actor: str) -> Iterator[str]:
    """Whatever is recorded inside was done by this actor."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)


def staff_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, after the authentication of staff: the admin's changes bear the name of who made them."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/admin/") or not request.user.is_authenticated:
            return get_response(request)
        with acting_as(f"staff:{request.user.pk}"):
            return get_response(request)

    return middleware
