"""When to leave a provider alone: breakers, pauses and a budget for retries, shared by all calls of a process."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

OPENS_AFTER = 5  # failures in a row
COOL_S = 30.0  # how long an open breaker stays open before one call may probe
RETRY_SHARE = 0.10  # retries may be so much of a provider's traffic
RETRY_RESERVE = 10.0  # and so many more, so that a quiet provider may be retried at all
ROUNDING = 1e-9  # ten tenths are a whole one

Where = tuple[str, str]  # provider, model
Clock = Callable[[], float]
Ending = Literal["good", "bad", "neither"]


@dataclass(slots=True)
class _State:
    failures: int = 0
    opened_at: float | None = None
    probe_since: float | None = None
    paused_until: float = 0.0


class Circuit:
    """Breaker and pause per (provider, model). The two are apart: a rate limit is no failure.

    A breaker opens after `opens_after` bad endings in a row, and after `cool_s` seconds lets ONE call through: good
    closes it, bad opens it again. A probe that never reports back is given up after `cool_s` more.
    """

    def __init__(
        self, *, opens_after: int = OPENS_AFTER, cool_s: float = COOL_S, clock: Clock = time.monotonic
    ) -> None:
        self._opens_after, self._cool_s, self._clock = opens_after, cool_s, clock
        self._states: dict[Where, _State] = {}
        self._lock = threading.Lock()

    def admits(self, where: Where) -> bool:
        """Whether a call may be made now. True at most once while half open: then report the ending."""
        with self._lock:
            state = self._states.setdefault(where, _State())
            if state.opened_at is None:
                return True
            now = self._clock()
            probing = state.probe_since is not None and now - state.probe_since < self._cool_s
            if now - state.opened_at < self._cool_s or probing:
                return False
            state.probe_since = now
            return True

    def ended(self, where: Where, ending: Ending) -> None:
        """Report how an admitted call ended. `neither`: it says nothing of the provider's health (a 4xx, a cancel)."""
        with self._lock:
            state = self._states.setdefault(where, _State())
            state.probe_since = None
            if ending == "good":
                state.failures, state.opened_at = 0, None
            elif ending == "bad":
                state.failures += 1
                if state.failures >= self._opens_after or state.opened_at is not None:
                    state.opened_at = self._clock()

    def states(self) -> dict[Where, str]:
        """What is known of each: "closed", "open", "half open", or "rate used up"."""
        with self._lock:
            return {where: self._told(state) for where, state in self._states.items()}

    def _told(self, state: _State) -> str:
        now = self._clock()
        if state.opened_at is not None:
            return "open" if now - state.opened_at < self._cool_s else "half open"
        return "rate used up" if state.paused_until > now else "closed"

    def pause(self, where: Where, seconds: float) -> None:
        """Nothing is left of the rate for so long."""
        with self._lock:
            state = self._states.setdefault(where, _State())
            state.paused_until = max(state.paused_until, self._clock() + seconds)

    def paused_s(self, where: Where) -> float:
        """Seconds until the rate has something again; 0 when it has."""
        with self._lock:
            state = self._states.get(where)
            return max(0.0, state.paused_until - self._clock()) if state else 0.0

    def closed_in_s(self, where: Where) -> float:
        """Seconds until an open breaker lets a probe through; 0 when it is closed."""
        with self._lock:
            state = self._states.get(where)
            if state is None or state.opened_at is None:
                return 0.0
            return max(0.0, state.opened_at + self._cool_s - self._clock())


class RetryBudget:
    """Keeps retries a small share of the traffic, so that a struggling provider is not stormed."""

    def __init__(self, *, share: float = RETRY_SHARE, reserve: float = RETRY_RESERVE) -> None:
        self._share, self._reserve = share, reserve
        self._left: dict[str, float] = {}
        self._lock = threading.Lock()

    def earn(self, provider: str) -> None:
        """A first try was made."""
        with self._lock:
            self._left[provider] = min(self._reserve, self._left.get(provider, self._reserve) + self._share)

    def spend(self, provider: str) -> bool:
        """Take one retry; False when there is none left."""
        with self._lock:
            left = self._left.get(provider, self._reserve)
            if left < 1 - ROUNDING:
                return False
            self._left[provider] = left - 1
            return True
