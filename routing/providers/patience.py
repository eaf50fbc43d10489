"""Deadlines and cancellation that hold while a socket is silent.

httpx can limit one read, not a whole call, and cannot be interrupted while it waits. So the sockets under it are
wrapped: each wait is cut into short turns, and at each turn the Watch of the call may end it. The call then fails
inside the read, which makes httpx close the connection; no second thread is needed.
"""

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from routing.providers.contract import Cancelled, Limits, Phase, TooSlow, Withdrawn

TURN_S = 0.05  # how long a call waits at most before it looks whether it should go on
TAIL_S = 2.0
LEAST_WAIT_S = 0.001  # 0 would make the socket non-blocking
MAX_CONNECTIONS = 100
KEEPALIVE_S = 30.0
Clock = Callable[[], float]


class Watch:
    """The patience of one call. `check` raises TooSlow or Withdrawn; `heard` starts the idle limit anew."""

    def __init__(
        self, limits: Limits, cancelled: Cancelled, *, whole: bool = False, clock: Clock = time.monotonic
    ) -> None:
        """`whole`: the answer comes in one piece, so there is no first token to wait for, only the total."""
        self.limits, self._cancelled, self._clock = limits, cancelled, clock
        self._started = clock()
        self._end = self._started + limits.total_s
        self._asked = float("-inf")
        self._wait_for("total" if whole else "first token", limits.total_s if whole else limits.first_token_s)

    def heard(self) -> None:
        """A piece of the answer arrived: the next may take the idle limit."""
        self._wait_for("idle", self.limits.idle_s)

    def finishing(self) -> None:
        """The finish reason arrived: the usage may still come, but nobody waits long for it."""
        self._wait_for("idle", min(TAIL_S, self.limits.idle_s))

    def _wait_for(self, phase: Phase, allowed_s: float) -> None:
        self._phase: Phase
        self._phase, self._allowed_s, self._until = phase, allowed_s, self._clock() + allowed_s

    def check(self) -> None:
        now = self._clock()
        if now - self._asked >= TURN_S:  # the caller's own look may cost something: not at every chunk
            self._asked = now
            if self._cancelled():
                raise Withdrawn
        if now >= self._end:
            raise TooSlow("total", self.limits.total_s)
        if now >= self._until:
            raise TooSlow(self._phase, self._allowed_s)

    def turn_s(self) -> float:
        """How long to wait before the next check."""
        left = min(self._end, self._until) - self._clock()
        return max(LEAST_WAIT_S, min(TURN_S, left))

    def elapsed_ms(self) -> int:
        return round((self._clock() - self._started) * 1000)


_current = threading.local()


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Reads of this thread are under this watch, until the end of the block."""
    before = getattr(_current, "watch", None)
    _current.watch = watch
    try:
        yield
    finally:
        _current.watch = before


class _WatchedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        watch: Watch | None = getattr(_current, "watch", None)
        if watch is None:
            return self._inner.read(max_bytes, timeout)
        while True:
            watch.check()
            try:
                return self._inner.read(max_bytes, watch.turn_s())
            except httpcore.ReadTimeout:
                continue

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _WatchedStream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _WatchedBackend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return _WatchedStream(super().connect_tcp(host, port, timeout, local_address, socket_options))


class WatchedTransport(httpx.HTTPTransport):
    """httpx's own transport over watched sockets. It takes no proxy from the environment."""

    def __init__(self) -> None:
        # httpx offers no door for a network backend; its transport uses nothing but this one attribute.
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_CONNECTIONS,
            keepalive_expiry=KEEPALIVE_S,
            network_backend=_WatchedBackend(),
        )
