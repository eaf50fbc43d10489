"""When to leave a provider alone: breakers, pauses and a budget for retries, shared by all calls of a process."""

import math
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal

OPENS_AFTER = 5  # failures in a row
COOL_S = 30.0  # how long an open breaker stays open before one call may probe
RETRY_SHARE = 0.10  # retries may be so much of a provider's traffic
RETRY_RESERVE = 10.0  # and so many more, so that a quiet provider may be retried at all
ROUNDING = 1e-9  # ten tenths are a whole one

Where = tuple[str, str]  # provider, model
OWN = "own:"  # begins what the health of a tenant's own access is called
Clock = Callable[[], float]
Ending = Literal["good", "bad", "neither"]


@dataclass(slots=True)
class _State:
    failures: int = 0
    opened_at: float | None = None
    probe_since: float | None = None
    paused_until: float = 0.0
    breaker_is_news: bool = False  # others have not heard of it
    pause_is_news: bool = False
    given_until: float = 0.0  # until then the probe is this process's


@dataclass(frozen=True, slots=True)
class Told:
    """What is known everywhere, in seconds: how long each open breaker has been open, how long each rate is used up."""

    breakers: Mapping[Where, float]
    pauses: Mapping[Where, float]


@dataclass(frozen=True, slots=True)
class News:
    """What others should hear: breakers that changed (None: closed) and rates, which models are probed, and could be."""

    breakers: dict[Where, float | None]
    pauses: dict[Where, float]
    probed: list[Where]
    due: list[Where]


class Circuit:
    """Breaker and pause per (provider, model). The two are apart: a rate limit is no failure.

    A breaker opens after `opens_after` bad endings in a row, and after `cool_s` seconds lets ONE call through: good
    closes it, bad opens it again. A probe that never reports back is given up after `cool_s` more.

    Several circuits can know the same (`news`, `hear`): then the one probe is one of them all. One that has heard nothing
    for a while decides for itself.
    """

    def __init__(
        self, *, opens_after: int = OPENS_AFTER, cool_s: float = COOL_S, clock: Clock = time.monotonic
    ) -> None:
        self._opens_after, self._cool_s, self._clock = opens_after, cool_s, clock
        self._states: dict[Where, _State] = {}
        self._shared_until = -math.inf
        self._lock = threading.Lock()

    def admits(self, where: Where) -> bool:
        """Whether a call may be made now. True at most once while half open: then report the ending."""
        with self._lock:
            state = self._states.setdefault(where, _State())
            if state.opened_at is None:
                return True
            now = self._clock()
            probing = state.probe_since is not None and now - state.probe_since < self._cool_s
            elsewhere = now < self._shared_until and state.given_until < now and not where[0].startswith(OWN)
            if now - state.opened_at < self._cool_s or probing or elsewhere:
                return False
            state.probe_since = now
            return True

    def ended(self, where: Where, ending: Ending) -> None:
        """Report how an admitted call ended. `neither`: it says nothing of the provider's health (a 4xx, a cancel)."""
        with self._lock:
            state = self._states.setdefault(where, _State())
            state.probe_since = None
            if ending == "good":
                state.breaker_is_news = state.breaker_is_news or state.opened_at is not None
                state.failures, state.opened_at = 0, None
            elif ending == "bad":
                state.failures += 1
                if state.failures >= self._opens_after or state.opened_at is not None:
                    state.opened_at, state.breaker_is_news = self._clock(), True

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
            until = self._clock() + seconds
            state.pause_is_news = state.pause_is_news or until > state.paused_until
            state.paused_until = max(state.paused_until, until)

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

    def news(self) -> News:
        """Return what others should hear, and hold it to be told. What concerns one tenant's keys stays here."""
        with self._lock:
            now, news = self._clock(), News({}, {}, [], [])
            for where, state in self._states.items():
                if where[0].startswith(OWN):
                    continue
                if state.breaker_is_news:
                    news.breakers[where] = None if state.opened_at is None else now - state.opened_at
                if state.pause_is_news:
                    news.pauses[where] = max(0.0, state.paused_until - now)
                state.breaker_is_news = state.pause_is_news = False
                if state.opened_at is not None and now - state.opened_at >= self._cool_s:
                    probing = state.probe_since is not None and now - state.probe_since < self._cool_s
                    (news.probed if probing else news.due).append(where)
            return news

    def untold(self, news: News) -> None:
        """Nobody heard it: it is still to be told."""
        with self._lock:
            for where in news.breakers:
                self._states[where].breaker_is_news = True
            for where in news.pauses:
                self._states[where].pause_is_news = True

    def hear(self, told: Told, *, given: Collection[Where], for_s: float, probe_s: float) -> None:
        """Take in how things are everywhere, which is believed for `for_s`; the probes `given` are ours for `probe_s`.

        What happened here since is newer and stays.
        """
        with self._lock:
            now = self._clock()
            self._shared_until = now + for_s
            for where in (*told.breakers, *told.pauses):
                self._states.setdefault(where, _State())
            for where, state in self._states.items():
                if where[0].startswith(OWN):
                    continue
                if not state.breaker_is_news:
                    self._heard(state, told.breakers.get(where), now)
                state.paused_until = max(state.paused_until, now + told.pauses.get(where, 0.0))
                if where in given:
                    state.given_until = now + probe_s

    def _heard(self, state: _State, open_for_s: float | None, now: float) -> None:
        if open_for_s is not None:
            state.opened_at = now - open_for_s
        elif state.opened_at is not None:
            state.failures, state.opened_at = 0, None  # somebody else's probe went well


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
