"""The one way to the platform login: inside `with platform():` ORM queries of this context use alias "platform"."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest, HttpResponse

_platform: ContextVar[bool] = ContextVar("platform", default=False)


@contextmanager
def platform(*, on: bool = True) -> Iterator[None]:
    """Send the ORM queries of this context to the platform login, which sees every tenant's rows."""
    token = _platform.set(on)
    try:
        yield
    finally:
        _platform.reset(token)


def on_platform() -> bool:
    """Tell whether this context runs as the platform."""
    return _platform.get()


class PlatformRouter:
    """Database router: the aliases are logins to one database, the context says which one speaks."""

    def db_for_read(self, model: type, **_hints: Any) -> str | None:
        return "platform" if _platform.get() else None

    def db_for_write(self, model: type, **_hints: Any) -> str | None:
        return self.db_for_read(model)

    def allow_relation(self, _a: object, _b: object, **_hints: Any) -> bool:
        return True


def platform_admin(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, first in the list: the admin's templates query lazily, so everything below must be inside."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with platform(on=request.path.startswith("/admin/")):
            return get_response(request)

    return middleware
