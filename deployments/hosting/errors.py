"""What the host answers when it does not do what it was asked.

HostingError
├── Refused      the release or the request is not one the host takes; a repeat changes nothing
├── FilesNeeded  the release is not held here: send its files
├── Busy         too much at once; ask again after `retry_after_s`
└── Lost         there is no such site or deployment
"""

from http import HTTPStatus


class HostingError(Exception):
    """The host did not do it; the message says what to change."""

    status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "error"


class Refused(HostingError):  # noqa: N818  (it is what the user is told)
    """Not taken as it is."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "refused"


class FilesNeeded(HostingError):  # noqa: N818  (as above)
    """The files of this release are not here; send them with the request."""

    status = HTTPStatus.CONFLICT
    code = "files_needed"


class Busy(HostingError):  # noqa: N818  (as above)
    """Nothing more is taken just now."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "busy"

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Lost(HostingError):  # noqa: N818  (as above)
    """It does not exist here, or not any more."""

    status = HTTPStatus.NOT_FOUND
    code = "lost"
