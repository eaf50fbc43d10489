"""Render's REST API over httpx: retries that never do a thing twice, its rate limits as a floor, its own clock.

The key is in no repr, no error and no log. Every method raises a TargetError (`failures`).
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import httpx

from deployments.targets.errors import TargetError, TargetRefused
from deployments.targets.render.failures import NotSent, Unanswered, failure_of, may_repeat
from deployments.targets.render.waits import PATIENCE_S, backoff_s, floor_s, server_time

BASE_URL = "https://api.render.com/v1"
TIMEOUT = httpx.Timeout(30.0, connect=5.0, write=10.0, pool=5.0)
TRIES = 5
PAGE = 100  # the most Render gives in one list
MOST_PAGES = 100
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

FIRST_LOOK_S = 1.0

T = TypeVar("T")
Params = Mapping[str, str | int | list[str]]


def nothing_there() -> Any:
    """The look-up of a request that creates nothing."""


class RenderClient:
    """One key at Render. `http` is shared; `base_url` and timeouts are its own."""

    def __init__(
        self,
        http: httpx.Client,
        key: str,
        *,
        base_url: str = BASE_URL,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not key.isascii() or not key.isprintable() or " " in key:
            raise TargetRefused("Render's API key holds characters that no header can carry; copy it again")
        self._http = http
        self._key = key
        self._base_url = base_url.rstrip("/")
        self._sleep = sleep
        self._ahead_s = 0.0  # how far Render's clock is ahead of ours

    def __repr__(self) -> str:
        return f"<RenderClient at {self._base_url}>"

    def now(self) -> float:
        """Return Render's time in seconds since the epoch, as its last answer told it."""
        return time.time() + self._ahead_s

    def get(self, path: str, params: Params | None = None) -> dict[str, Any]:
        """Read one thing; tried again freely."""
        found = self._patiently("GET", path, params=params)
        if not isinstance(found, dict):
            raise Unanswered(f"Render's answer to GET {path} is not understood")
        return found

    def pages(self, path: str, item: str, params: Params | None = None) -> Iterator[dict[str, Any]]:
        """Yield the things of a list, page after page to its end; `item` is their member beside `cursor`."""
        cursor = ""
        for _ in range(MOST_PAGES):
            asked = {"limit": PAGE, **(params or {}), **({"cursor": cursor} if cursor else {})}
            rows = self._patiently("GET", path, params=asked)
            if not isinstance(rows, list):
                raise Unanswered(f"Render's answer to GET {path} is no list")
            yield from (
                row[item] for row in rows if isinstance(row, dict) and isinstance(row.get(item), dict)
            )
            last = str(rows[-1].get("cursor", "")) if rows else ""
            if len(rows) < int(str(asked["limit"])) or last in {"", cursor}:
                return
            cursor = last

    def put(self, path: str, body: Any) -> None:
        """Replace; tried again freely, for twice is the same as once."""
        self._patiently("PUT", path, body=body)

    def look_for(self, look: Callable[[], T | None], *, patience_s: float) -> T | None:
        """Look again and again, for what was asked for may show late; None where nothing showed in that time."""
        wait = FIRST_LOOK_S
        while True:
            found = look()
            if found is not None or patience_s <= 0:
                return found
            self._sleep(min(wait, patience_s))
            patience_s, wait = patience_s - wait, wait * 2

    def change(
        self, method: str, path: str, body: Any = None, *, already: Callable[[], Any] = nothing_there
    ) -> Any:
        """POST, PATCH or DELETE: sent again only where nothing can have happened, and after `already` found nothing.

        What `already` finds is returned in place of an answer. Raises Unanswered where the outcome is unknown.
        """
        return self._patiently(method, path, body=body, already=already)

    def _patiently(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        already: Callable[[], Any] = nothing_there,
    ) -> Any:
        patience = PATIENCE_S
        for attempt in range(TRIES):
            try:
                return self._once(method, path, params, body)
            except TargetError as error:
                wait = max(error.retry_after_s or 0.0, backoff_s(attempt, chance=random.random()))  # noqa: S311
                patience -= wait
                if attempt == TRIES - 1 or patience < 0 or not may_repeat(method, error):
                    raise
                self._sleep(wait)
            found = already()
            if found is not None:
                return found
        raise Unanswered("Render was asked too often")  # the loop above returns or raises

    def _once(self, method: str, path: str, params: Params | None, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = self._http.request(
                method, self._base_url + path, params=_flat(params), content=content, headers=headers
            )
        except NEVER_SENT as error:
            raise NotSent(f"Render cannot be reached: {self._without_key(error)}") from error
        except httpx.HTTPError as error:
            said = self._without_key(error) or type(error).__name__
            raise Unanswered(f"Render did not answer {method} {path}: {said}") from error
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> Any:
        there = server_time(answer.headers)
        if there is not None:
            self._ahead_s = there - time.time()
        if not answer.is_success:
            floor = floor_s(answer.headers, now=self.now())
            raise failure_of(answer.status_code, self._without_key(_message(answer)), floor_s=floor)
        if not answer.content:
            return None
        try:
            content = answer.json()
        except ValueError as error:
            raise Unanswered("Render's answer is no JSON") from error
        if not isinstance(content, dict | list):
            raise Unanswered("Render's answer is not understood")
        return content

    def _without_key(self, said: object) -> str:
        return str(said).replace(self._key, "***") if self._key else str(said)


def _flat(params: Params | None) -> dict[str, str]:
    """Lists are comma-separated at Render, all but the resources of logs, which are asked one by one."""
    return {
        name: ",".join(value) if isinstance(value, list) else str(value)
        for name, value in (params or {}).items()
    }


def _message(answer: httpx.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        return answer.reason_phrase
    return str(said.get("message") or said.get("id") or "") if isinstance(said, dict) else str(said)
