"""A create that is repeated with its Idempotency-Key makes one box."""

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from deployments.sandboxes.server.refusals import Refusal

Made = TypeVar("Made")
KEPT_S = 86_400.0
MOST_KEPT = 10_000
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class _Earlier(Generic[Made]):
    mark: bytes
    made: asyncio.Future[Made]
    at: float


class Once(Generic[Made]):
    """Remembers for a day what each key made; what failed is forgotten, so that it can be tried again."""

    def __init__(self) -> None:
        self._earlier: dict[tuple[str, str], _Earlier[Made]] = {}

    async def do(self, key: tuple[str, str] | None, body: Any, make: Callable[[], Awaitable[Made]]) -> Made:
        """Make it, or return what the same request made before. Raise Refusal for another body."""
        if key is None:
            return await make()
        if len(key[1]) > LONGEST_KEY:
            raise Refusal(400, f"An Idempotency-Key has up to {LONGEST_KEY} characters.")
        mark = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
        self._forget_old()
        if earlier := self._earlier.get(key):
            if earlier.mark != mark:
                raise Refusal(
                    409,
                    "This Idempotency-Key was used for another request.",
                    error_code="idempotency_request_mismatch",
                )
            return await asyncio.shield(earlier.made)
        # A task of its own: the caller who goes away takes nothing from the one who repeats.
        made = asyncio.ensure_future(make())
        self._earlier[key] = _Earlier(mark, made, time.monotonic())
        made.add_done_callback(lambda done: self._forget_failed(key, done))
        return await asyncio.shield(made)

    def _forget_failed(self, key: tuple[str, str], done: asyncio.Future[Made]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._earlier.pop(key, None)

    def _forget_old(self) -> None:
        oldest = time.monotonic() - KEPT_S
        for key in list(self._earlier):
            if self._earlier[key].at > oldest and len(self._earlier) < MOST_KEPT:
                return
            del self._earlier[key]
