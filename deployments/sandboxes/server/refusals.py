"""How this wire says no: a JSON object with the status as `code` and a message, which the SDK turns into its errors."""

import logging
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

logger = logging.getLogger(__name__)


class Refusal(Exception):  # noqa: N818  (it is what the caller is told)
    """The request is answered with this status and sentence."""

    def __init__(
        self, status: int, message: str, *, error_code: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.error_code = error_code
        self.headers = dict(headers or {})


def answer(refusal: Refusal) -> Response:
    """Return the response of a refusal."""
    body: dict[str, object] = {"code": refusal.status, "message": refusal.message}
    if refusal.error_code:
        body["error_code"] = refusal.error_code
    return JSONResponse(body, refusal.status, refusal.headers)


async def refused(_request: Request, error: Exception) -> Response:
    """Answer what a route refused."""
    return answer(error if isinstance(error, Refusal) else Refusal(500, "This server failed; see its log."))


async def failed(request: Request, error: Exception) -> Response:
    """Answer a fault of ours without a word about it; the log has it."""
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(Refusal(500, "This server failed; see its log."))


def gone(sandbox_id: str) -> Refusal:
    """Return what the proxy before a box says when there is none: the SDK knows a killed box by these words."""
    return Refusal(502, f"The sandbox {sandbox_id} was not found")


def no_such(sandbox_id: str) -> Refusal:
    """Return what the control plane says of a box that is not there, or is another tenant's."""
    return Refusal(404, f"Sandbox {sandbox_id} was not found")
