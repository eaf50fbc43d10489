"""Callers who have just been refused, remembered for a moment: noise is answered before it costs anybody anything.

A bucket that lacks a request lacks it until the time the refusal told. So within that time (a second at most, so that
an ended credential is soon told what it is) the same credential is refused again from memory: without a thread, the
database or Valkey. Nobody is let in or kept out by this who would not be anyway.
"""

import hashlib
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from miosa.http.limits import may_have_body, refuse
from miosa.http.problem import Problem
from tenants.throttling.bucket import MICROS, READS, Verdict
from tenants.throttling.refusal import RateLimited

LONGEST_S = 1.0
MOST_REMEMBERED = 10_000

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class Refusals:
    """Who was refused and until when, by a hash of the credential; what may be changed has limits of its own."""

    def __init__(self, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s, self._lock = clock_s, threading.Lock()
        self._until: dict[tuple[bytes, bool], tuple[float, RateLimited]] = {}

    def remember(self, authorization: bytes, method: str, verdict: Verdict) -> RateLimited:
        """Keep a refusal for as long as it is sure to hold, and return it."""
        refusal = RateLimited(verdict)
        until_s = self._clock_s() + min(LONGEST_S, verdict.wait_us / MICROS)
        with self._lock:
            self._until[_whose(authorization, method)] = until_s, refusal
            while len(self._until) > MOST_REMEMBERED:
                del self._until[next(iter(self._until))]
        return refusal

    def recall(self, authorization: bytes, method: str) -> Problem | None:
        """Return the refusal that still holds for this caller."""
        if not self._until:
            return None
        whose = _whose(authorization, method)
        with self._lock:
            until_s, refusal = self._until.get(whose, (0.0, None))
            if refusal is not None and self._clock_s() >= until_s:
                del self._until[whose]
                return None
        return refusal


def _whose(authorization: bytes, method: str) -> tuple[bytes, bool]:
    return hashlib.sha256(authorization).digest(), method in READS


refusals = Refusals()


def refusing_overrun(application: Application) -> Application:
    """Return the ASGI application, with those refused at once whose last refusal still holds."""

    async def guarded(scope: dict[str, Any], receive: Any, send: Any) -> None:
        told = _refusal_of(scope) if scope["type"] == "http" else None
        if told is None:
            await application(scope, receive, send)
        else:
            await refuse(scope, send, told, close=may_have_body(scope))

    return guarded


def _refusal_of(scope: dict[str, Any]) -> Problem | None:
    if not scope["path"].startswith("/api/"):
        return None
    sent = next((value for name, value in scope["headers"] if name == b"authorization"), None)
    return refusals.recall(sent, scope["method"]) if sent else None
