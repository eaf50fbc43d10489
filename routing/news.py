"""Hears of new outcomes: a thread of this process listens to what committed transactions told.

A tenant that was heard of has its scoreboard read anew at the next decision. Hearing is an acceleration and never
the truth: the thread speaks to itself now and then through another connection, and while it does not hear its own
words (a pooler in between, a database that is away) boards are read anew every second instead.
"""

import logging
import os
import select
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.db import connection, connections

logger = logging.getLogger(__name__)

CHANNEL = "router"
SPEAK_EVERY_S = 10.0
HEARD_WITHIN_S = 15.0  # older words than this say nothing of now
RETRY_S = 2.0
STOP_WITHIN_S = 0.5


def tell(tenant_id: UUID | None) -> None:
    """Tell every process, when the current transaction commits, that this tenant has learned something."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(tenant_id)])


class Listener:
    """One per process. `heard` is called with each tenant's id, `began` when it hears after a time in which it did not:
    what was told in that time is lost. Both are called in the listener's own thread.
    """

    def __init__(self, heard: Callable[[UUID], None], *, began: Callable[[], None]) -> None:
        self._heard, self._began, self._own = heard, began, f"own {uuid4()}"
        self._deafen()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = 0
        # A fork has no listening thread. (Asking for the process at each decision would cost more than deciding.)
        os.register_at_fork(after_in_child=self._deafen)

    def begin(self) -> None:
        """Listen from now on; again in a process that was forked, never twice in one."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        self._deafen()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="router-news", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop listening; returns when the connection is closed."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._thread, self._pid = None, 0
        self._deafen()

    def hears(self) -> bool:
        """Whether what others tell arrives here: our own words did, a moment ago."""
        return time.monotonic() - self._last_own < HEARD_WITHIN_S

    def _deafen(self) -> None:
        self._last_own = float("-inf")

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with _connected() as listening, _connected() as speaking:
                    listening.execute(f"LISTEN {CHANNEL}")
                    self._listen(listening, speaking)
            except (psycopg.Error, OSError) as error:
                self._deafen()
                logger.warning("The router hears nothing for now: %s", type(error).__name__)
                self._stop.wait(RETRY_S)

    def _listen(self, listening: Any, speaking: Any) -> None:
        spoken, arrived = float("-inf"), select.poll()
        arrived.register(listening.fileno(), select.POLLIN)
        while not self._stop.is_set():
            if time.monotonic() - spoken >= SPEAK_EVERY_S:
                speaking.execute("SELECT pg_notify(%s, %s)", [CHANNEL, self._own])
                spoken = time.monotonic()
            # A little at a time: `end` is obeyed soon, and nothing is asked of the server meanwhile.
            arrived.poll(STOP_WITHIN_S * 1_000)
            for told in listening.notifies(timeout=0):
                self._take(told.payload)

    def _take(self, payload: str) -> None:
        if payload == self._own:
            if not self.hears():
                self._began()
            self._last_own = time.monotonic()
            return
        try:
            self._heard(UUID(payload))
        except ValueError:
            return  # another process speaking to itself


def _connected() -> Any:
    """A connection of the application's login that belongs to no request and to no tenant."""
    given = connections["default"].get_connection_params()
    wanted = {
        name: value for name, value in given.items() if name not in {"pool", "cursor_factory", "context"}
    }
    return psycopg.connect(**wanted, autocommit=True)
