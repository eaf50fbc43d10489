"""Why nothing was fetched or pushed."""

from http import HTTPStatus

from miosa.http.problem import Conflict, Problem, Unprocessable


class RemoteRefused(Unprocessable):
    """The remote, or what it holds, is not taken; the message says why, and nothing was changed."""


class RemoteFailed(Problem):
    """The remote did not answer as a git server does, or not in time; it can be tried again."""

    status = HTTPStatus.BAD_GATEWAY
    retryable = True


class RemoteMoved(Conflict):
    """The branch has moved since it was looked at; push again to stand on what is there now."""
