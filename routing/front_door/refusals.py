"""What a client of the OpenAI wire is told when it cannot be served: OpenAI's own shape of an error."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson

from miosa.http.problem import Problem

# Status -> what OpenAI's clients know such an error as: type and code.
KINDS: Mapping[int, tuple[str, str | None]] = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    402: ("insufficient_quota", "budget_exceeded"),
    403: ("permission_error", "not_allowed"),
    404: ("invalid_request_error", "not_found"),
    405: ("invalid_request_error", "method_not_allowed"),
    408: ("invalid_request_error", "timeout"),
    413: ("invalid_request_error", "request_too_large"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
    503: ("server_error", "no_provider_left"),
    504: ("server_error", "timeout"),
}
SERVER_ERROR = ("server_error", None)
UNPROCESSABLE = int(
    HTTPStatus.UNPROCESSABLE_ENTITY
)  # the wire has no such status: a value that cannot be is a 400


class Refusal(Exception):  # noqa: N818  it is what the client is told
    """The request is answered with an error; `param` names the field that it is about."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.param = message, param
        self.status = int(HTTPStatus.BAD_REQUEST) if status == UNPROCESSABLE else int(status)
        self.kind, usual = KINDS.get(self.status, SERVER_ERROR)
        self.code = code or usual
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, problem: Problem) -> "Refusal":
        """Return the same refusal as the REST API's, in the words of this wire."""
        code = "model_not_found" if type(problem).__name__ == "UnknownModel" else None
        return cls(str(problem), status=problem.status, code=code, headers=problem.headers)

    def document(self) -> dict[str, Any]:
        """Return the error as its JSON."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}

    def body(self) -> bytes:
        """Return the error as the body of a response."""
        return orjson.dumps(self.document())
