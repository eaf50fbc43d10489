"""What a box said, in the words of this wire: a status for plain HTTP, a code for Connect."""

from collections.abc import Iterator
from contextlib import contextmanager

from connectrpc.code import Code
from connectrpc.errors import ConnectError

from deployments.boxes import errors
from deployments.sandboxes.server.refusals import Refusal, gone

STATUSES: tuple[tuple[type[errors.BoxError], int], ...] = (
    (errors.NotFound, 404),
    (errors.WrongKind, 400),
    (errors.AlreadyThere, 409),
    (errors.NotAllowed, 403),
    (errors.DiskFull, 507),
    (errors.BoxRefused, 400),
    (errors.BoxUnavailable, 503),
)
CODES: tuple[tuple[type[errors.BoxError], Code], ...] = (
    (errors.NotFound, Code.NOT_FOUND),
    (errors.WrongKind, Code.INVALID_ARGUMENT),
    (errors.AlreadyThere, Code.ALREADY_EXISTS),
    (errors.NotAllowed, Code.PERMISSION_DENIED),
    (errors.BoxRefused, Code.INVALID_ARGUMENT),
    (errors.BoxTimeout, Code.DEADLINE_EXCEEDED),
)


def refusal(error: errors.BoxError, sandbox_id: str = "") -> Refusal:
    """Return how plain HTTP says it."""
    if isinstance(error, errors.BoxGone):
        return gone(sandbox_id)
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
    # What this machine lacks does not come by asking again at once.
    return Refusal(status, str(error), headers={"Should-Retry": "false"} if status == 503 else {})  # noqa: PLR2004


def connect_error(error: errors.BoxError, sandbox_id: str = "") -> ConnectError:
    """Return how Connect says it."""
    if isinstance(error, errors.BoxGone):
        return ConnectError(Code.UNAVAILABLE, gone(sandbox_id).message)
    code = next((code for kind, code in CODES if isinstance(error, kind)), Code.INTERNAL)
    return ConnectError(code, str(error))


@contextmanager
def told(sandbox_id: str) -> Iterator[None]:
    """Let what a box says inside the block leave it as a Connect error."""
    try:
        yield
    except errors.BoxError as error:
        raise connect_error(error, sandbox_id) from error
