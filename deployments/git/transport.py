"""dulwich's smart HTTP client over the guarded transport: every byte to and from a remote passes through it."""

import time
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Self

import httpx
from dulwich.client import AbstractHttpGitClient

from deployments.git.errors import RemoteFailed, RemoteRefused
from deployments.git.limits import LIMITS, GitLimits
from deployments.git.remotes import Remote
from miosa.http.guarded import OutgoingRefused, open_client
from miosa.http.guarded.transport import operators_rules

AGENT = "git/miosa"  # some servers answer only who calls itself git
DENIED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class GuardedGit(AbstractHttpGitClient):
    """Talks to one remote until its time is over. Use it in a `with`, which closes what is open.

    Raises, in whatever is called: RemoteRefused, RemoteFailed.
    """

    def __init__(self, remote: Remote, *, limits: GitLimits = LIMITS) -> None:
        super().__init__(remote.url, quiet=True)
        self._remote, self._limits = remote, limits
        self._until = time.monotonic() + limits.total_s
        self._open: list[httpx.Client] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._open:
            client.close()

    def _http_request(
        self,
        url: str,
        headers: dict[str, str] | None = None,
        data: bytes | Iterator[bytes] | None = None,
        raise_for_status: bool = True,
    ) -> Any:
        """Ask once; return what dulwich reads: an answer with its type, and a function that reads its body."""
        del raise_for_status  # what is no answer of a git server is none for anybody
        sent = {"User-Agent": AGENT, **(headers or {})}
        if self._remote.authorization:
            sent["Authorization"] = self._remote.authorization
        request = httpx.Request("GET" if data is None else "POST", url, headers=sent, content=data)
        try:
            response = self._client().send(request, stream=True)
            _refuse(response)
            answer = Answer(response)
        except httpx.TransportError as error:
            raise told(error) from error
        return answer, answer.read

    def _client(self) -> httpx.Client:
        left = self._until - time.monotonic()
        if left <= 0:
            raise RemoteFailed(f"The remote took longer than {self._limits.total_s:g} s in all.")
        rules = replace(operators_rules(), most_bytes=self._limits.pack_bytes, total_s=left, most_hops=0)
        client = open_client(rules)
        self._open.append(client)
        return client


class Answer:
    """One answer as dulwich reads it."""

    redirect_location = None  # redirects are refused

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.content_type = response.headers.get("content-type", "")
        self._pieces = response.iter_bytes()
        self._rest = b""

    def read(self, size: int | None = None) -> bytes:
        """Return up to `size` bytes, fewer only at the end."""
        parts, left = [], size if size is not None and size >= 0 else float("inf")
        try:
            while left > 0 and (piece := self._rest or next(self._pieces, b"")):
                taken = piece if len(piece) <= left else piece[: int(left)]
                self._rest = piece[len(taken) :]
                parts.append(taken)
                left -= len(taken)
        except httpx.TransportError as error:
            raise told(error) from error
        return b"".join(parts)

    def close(self) -> None:
        """Leave the rest of it unread."""
        self._response.close()


def told(error: httpx.TransportError) -> RemoteRefused | RemoteFailed:
    """Return the error with words for whoever named the remote; no header and no credential is in them."""
    if isinstance(error, OutgoingRefused):
        return RemoteRefused(str(error))
    if isinstance(error, httpx.TimeoutException):
        return RemoteFailed("The remote did not answer in time.")
    return RemoteFailed("The remote cannot be reached, or broke the connection.")


def _refuse(response: httpx.Response) -> None:
    """Raise for an answer that is none of a git server."""
    status = response.status_code
    if status == HTTPStatus.OK:
        return
    response.close()
    if status in DENIED:
        raise RemoteRefused("The remote wants a credential that may do this; name one as `credential`.")
    if status == HTTPStatus.NOT_FOUND:
        raise RemoteRefused(
            "There is no such repository at the remote, or it is not shown without a credential."
        )
    if response.is_redirect:
        where = httpx.URL(response.headers.get("location", "")).copy_with(query=None, fragment=None)
        raise RemoteRefused(f"The remote has moved to {str(where)[:300]}; name that address.")
    raise RemoteFailed(f"The remote answered {status}.")
