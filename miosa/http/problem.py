"""What a request can be told when it cannot be served: RFC 9457 problems as plain Python exceptions.

Problem
├── BadRequest 400          the request itself cannot be read: JSON, query parameters, headers
├── Unauthenticated 401     no credential, or one that is not valid
├── PaymentRequired 402     the quota does not cover it
├── Forbidden 403           the credential lacks the scope
├── NotFound 404            no such row for this tenant (also: another tenant's row)
├── Conflict 409            the state of the thing does not allow it now
├── Unprocessable 422       the payload was read and is not valid; says where
├── TooManyRequests 429     retryable after `retry_after_s`
└── Unavailable 503         retryable after `retry_after_s`

Apps raise these or subclass them; how they become a response is the business of `exception_handler`.
"""

import math
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818  (it is what the client is told, not only an error)
    """The request could not be served; the detail says why and what to do.

    `type` is a URI that names the kind of problem; `about:blank` means that the status says it all.
    `extensions` become further members of the document, `headers` further headers of the response.
    """

    type: str = "about:blank"
    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    title: str = ""
    retryable: bool = False

    def __init__(
        self,
        detail: str = "",
        *,
        status: int | None = None,
        title: str | None = None,
        instance: str | None = None,
        extensions: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = int(self.status if status is None else status)
        self.title = title or self.title or HTTPStatus(self.status).phrase
        self.instance = instance
        self.extensions = dict(extensions or {})
        self.headers = dict(headers or {})

    def __str__(self) -> str:
        return self.detail or self.title

    def document(self) -> dict[str, Any]:
        """The members of RFC 9457 first, then the extensions; an extension never replaces a member."""
        members: dict[str, Any] = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail:
            members["detail"] = self.detail
        if self.instance:
            members["instance"] = self.instance
        return members | {name: value for name, value in self.extensions.items() if name not in members}


class BadRequest(Problem):
    """The request could not be read; correct it before sending it again."""

    status = HTTPStatus.BAD_REQUEST


class BadParameter(BadRequest):
    """A query parameter or header has a value that cannot be used; `parameter` names it."""

    def __init__(self, detail: str = "", *, parameter: str = "") -> None:
        super().__init__(detail, extensions={"parameter": parameter})


class Unauthenticated(Problem):
    """Send a valid API key or access token as `Authorization: Bearer ...`."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, detail: str = "", *, challenge: str = "Bearer", **extensions: Any) -> None:
        super().__init__(
            detail or "Send a valid API key or access token as `Authorization: Bearer ...`.",
            headers={"WWW-Authenticate": challenge},
            extensions=extensions,
        )


class PaymentRequired(Problem):
    """The tenant's quota does not cover this; raise the allowance or wait for the next period."""

    status = HTTPStatus.PAYMENT_REQUIRED


class Forbidden(Problem):
    """The credential is valid but may not do this; use one with the scope that the detail names."""

    status = HTTPStatus.FORBIDDEN


class NotFound(Problem):
    """There is no such thing for this tenant."""

    status = HTTPStatus.NOT_FOUND


class Conflict(Problem):
    """The present state does not allow this; read the thing again and decide anew."""

    status = HTTPStatus.CONFLICT


class Unprocessable(Problem):
    """The payload was understood and is not valid; `errors` says where and why."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(
        self, detail: str = "The payload is not valid.", *, errors: Iterable[Mapping[str, str]] = ()
    ) -> None:
        """`errors`: mappings made by `invalid`, each with a JSON pointer (RFC 6901) and a detail."""
        super().__init__(detail, extensions={"errors": [dict(error) for error in errors]})


class TooManyRequests(Problem):
    """Too many requests in a short time; wait `retry_after_s` seconds before the next one."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    retryable = True

    def __init__(self, detail: str = "", *, retry_after_s: float = 1) -> None:
        self.retry_after_s = whole_seconds(retry_after_s)
        super().__init__(
            detail or f"Too many requests; try again in {self.retry_after_s} s.",
            headers={"Retry-After": str(self.retry_after_s)},
        )


class Unavailable(Problem):
    """Something this needs does not answer just now; try again after `retry_after_s` seconds."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    retryable = True

    def __init__(self, detail: str = "", *, retry_after_s: float = 5) -> None:
        self.retry_after_s = whole_seconds(retry_after_s)
        super().__init__(
            detail or f"Not available just now; try again in {self.retry_after_s} s.",
            headers={"Retry-After": str(self.retry_after_s)},
        )


def invalid(detail: str, *path: str | int) -> dict[str, str]:
    """One entry of `Unprocessable.errors`: what is wrong at `path` (names and list positions)."""
    return {"pointer": pointer(*path), "detail": detail}


def pointer(*path: str | int) -> str:
    """A JSON pointer (RFC 6901): `/items/0/name`; the empty path is the whole payload."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def whole_seconds(seconds: float) -> int:
    """Seconds for a Retry-After header: whole, rounded up, at least 1."""
    return max(1, math.ceil(seconds))
