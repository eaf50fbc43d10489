"""What went wrong at Render, in the words of the target contract, and whether the same request may be sent again.

TargetUnavailable
├── NotSent     no connection was made: nothing happened there
├── Overloaded  503: Render took nothing
└── Unanswered  it may have happened: look before a repeat
TargetBusy      429, or 409 while another deploy runs
TargetRefused
└── Conflict    409: something of that name is there
TargetLost      404 and 410
"""

from deployments.targets.errors import TargetBusy, TargetError, TargetLost, TargetRefused, TargetUnavailable

PAYMENT_REQUIRED, CONFLICT, TOO_MANY, UNAVAILABLE = 402, 409, 429, 503
GONE = frozenset({404, 410})
ANSWERED_FROM, UNKNOWN_FROM = 400, 500  # outside of these nobody knows whether it was done
LONGEST_MESSAGE = 500
REPEATABLE = frozenset({"GET", "PUT"})  # twice is the same as once
KEY_REFUSED = {401: "Render does not know this API key", 403: "Render's API key may not do this"}


class NotSent(TargetUnavailable):
    """Render cannot be reached; nothing was sent."""


class Overloaded(TargetUnavailable):
    """Render takes no requests just now."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unanswered(TargetUnavailable):
    """Render may have done it: there was no answer, or one that says nothing."""


class Conflict(TargetRefused):
    """What is there stands against the request."""


def may_repeat(method: str, error: TargetError) -> bool:
    """Return whether this request may be sent again without doing its work twice (creating calls look first)."""
    if isinstance(error, NotSent | Overloaded | TargetBusy):
        return True
    return isinstance(error, Unanswered) and method in REPEATABLE


def failure_of(status: int, message: str, *, floor_s: float | None) -> TargetError:
    """Return the error for a status that is no success; `message` is Render's own."""
    said = message[:LONGEST_MESSAGE] or "no reason given"
    if status == TOO_MANY:
        return TargetBusy(f"Render's rate limit is used up ({said})", retry_after_s=floor_s)
    if status == UNAVAILABLE:
        return Overloaded(f"Render takes no requests just now ({said})", retry_after_s=floor_s)
    if status >= UNKNOWN_FROM or status < ANSWERED_FROM:
        return Unanswered(f"Render failed with {status} ({said}); the next try looks up whether it was done")
    if status in GONE:
        return TargetLost(f"Render has nothing of that name any more ({status}: {said})")
    return _refusal(status, said)


def _refusal(status: int, said: str) -> TargetRefused:
    if status == CONFLICT:
        return Conflict(f"Render says that this conflicts with what is there: {said}")
    if status == PAYMENT_REQUIRED:
        return TargetRefused(f"Render wants a payment method for this workspace first: {said}")
    if status in KEY_REFUSED:
        return TargetRefused(f"{KEY_REFUSED[status]} ({said}); check RENDER_API_KEY or the stored secret")
    return TargetRefused(f"Render refused it ({status}): {said}")
