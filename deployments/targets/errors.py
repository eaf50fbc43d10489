"""Why a target did not do what it was asked, and whether asking again makes sense.

TargetError
├── TargetRefused      the target does not take this; a repeat changes nothing, the message says what to change
├── TargetBusy         it takes nothing just now; ask again after `retry_after_s`
├── TargetUnavailable  it does not answer, or what it did is unknown; a repeat with the same key is safe
└── TargetLost         what the reference names does not exist there any more
"""


class TargetError(Exception):
    """The target did not do what it was asked; `retryable` says whether the same call may succeed later."""

    retryable: bool = False
    retry_after_s: float | None = None


class TargetRefused(TargetError):  # noqa: N818  (it is what the user is told)
    """The release, its recipe or the request is not one this target takes."""


class TargetBusy(TargetError):  # noqa: N818  (as above)
    """Too much at once: a rate limit, or another deployment of the service."""

    retryable = True

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TargetUnavailable(TargetError):  # noqa: N818  (as above)
    """No answer, or none that can be understood. Whether it took effect is found out by asking again."""

    retryable = True


class TargetLost(TargetError):  # noqa: N818  (as above)
    """The service or deployment was removed at the target."""
