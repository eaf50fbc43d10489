"""A pool of connections that tells at once when the server is away, and is whole again as soon as it is back.

psycopg's pool keeps its callers waiting while it tries to connect in the background, less and less often: after a
minute's outage the next attempt is a minute away, and every request until then waits for nothing. Here a request is
what makes the pool try, and it is refused when the attempt fails and no connection is left to wait for.
"""

from time import monotonic
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

LOOK_EVERY_S = 0.5  # so long does a request wait before it asks whether there is anything to wait for


class Pool(ConnectionPool[Connection[Any]]):
    """psycopg's pool with attempts that are made on demand and give up at once."""

    def __init__(self, **options: Any) -> None:
        self.failures = 0
        # 0: an attempt is repeated once and then given up; the next caller who waits begins a new one.
        super().__init__(**options, check=self._checked, reconnect_timeout=0)

    def getconn(self, timeout: float | None = None) -> Connection[Any]:
        """Return a connection that was just seen alive.

        Raise PoolTimeout when the server refuses and no connection is left, or `timeout` seconds after the call.
        """
        deadline, failures = monotonic() + (self.timeout if timeout is None else timeout), self.failures
        while True:
            try:
                return super().getconn(timeout=min(LOOK_EVERY_S, deadline - monotonic()))
            except PoolTimeout:
                nothing_left = self.failures > failures and not self.get_stats()["pool_size"]
                if nothing_left or monotonic() >= deadline:
                    raise

    def reconnect_failed(self) -> None:
        """Called by the pool when an attempt was given up."""
        self.failures += 1

    def _checked(self, connection: Connection[Any]) -> None:
        """Ask whether the connection lives; if one died, the idle others most likely did too: all are made anew."""
        try:
            self.check_connection(connection)
        except Exception:
            self.drain()
            raise
