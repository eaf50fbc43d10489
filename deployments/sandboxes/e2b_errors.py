"""The SDK's errors in our words: what a repeat may mend, what it never will, and what the box's end was."""

from collections.abc import Iterator
from contextlib import contextmanager

from deployments.sandboxes.contract import SandboxRefused, SandboxUnavailable
from deployments.sandboxes.outcomes import SandboxBusy, SandboxEnded

REFUSALS = (400, 403, 404, 413, 422)
AWAY = "The sandbox server does not answer; it is started again if it was killed. Try again."
Kinds = tuple[type[BaseException], ...]


def quiet() -> Kinds:
    """Return what may come when a box is ended that is gone already, or whose server is."""
    import httpx
    from e2b import AuthenticationException, SandboxException
    from e2b.exceptions import ServiceBusyException

    return (SandboxException, AuthenticationException, ServiceBusyException, httpx.TransportError)


@contextmanager
def translated(*, but: Kinds = ()) -> Iterator[None]:
    """Turn the SDK's errors into ours; `but` pass as they are, save those that mean that the box is gone."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, quiet()) or (isinstance(error, but) and not isinstance(error, gone())):
            raise
        raise _ours(error) from error


def gone() -> Kinds:
    """Return what comes when the box ended under the work, or its server did."""
    from e2b import SandboxNotRunningException
    from e2b.exceptions import SandboxUnreachableException

    return (SandboxNotRunningException, SandboxUnreachableException)


def _ours(error: BaseException) -> Exception:
    import httpx
    from e2b import AuthenticationException, RateLimitException
    from e2b.exceptions import ServiceBusyException

    text = _plain(str(error))
    if isinstance(error, gone()):
        return SandboxEnded(text)
    if isinstance(error, httpx.TransportError):
        return SandboxUnavailable(AWAY)
    if isinstance(error, RateLimitException):
        return SandboxBusy(text)
    if isinstance(error, AuthenticationException | ServiceBusyException):
        return SandboxUnavailable(text)
    return SandboxRefused(text) if _is_refusal(error) else SandboxUnavailable(text)


def _is_refusal(error: BaseException) -> bool:
    from e2b import InvalidArgumentException, NotEnoughSpaceException, NotFoundException

    kinds = (InvalidArgumentException, NotEnoughSpaceException, NotFoundException)
    return isinstance(error, kinds) or getattr(error, "status_code", None) in REFUSALS


def _plain(text: str) -> str:
    """Return what the server said, without what the SDK put around it."""
    said = text.rpartition(" please retry. - ")[2].rpartition(" try again later. - ")[2]
    return said.partition(": The sandbox was killed or reached its timeout.")[0].partition(
        ": This error is likely due to"
    )[0]
