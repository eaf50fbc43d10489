"""The replica: sums that may be a moment old are read from a standby, where one is set up and answers.

What is written on the primary arrives there a moment later, so only reads that say so go there: those inside
`with analytics():`, functions marked `@may_lag`, and the models of the materialised views. The tenant is the one in
force on "default". A transaction there is one snapshot and read only: a tenant that moves is seen before or after its
move. A replica that is away costs one request a short wait; then its reads go to the primary until it is tried again.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from time import monotonic
from typing import Any, ParamSpec, TypeVar

from django.db import Error, InterfaceError, OperationalError, connections, transaction

from miosa.pg.platform import on_platform

REPLICA = "replica"
AWAY_S = 10.0
# SQLSTATEs of a read that replaying the primary's changes cut off, or that took too long: the next one may well pass.
PASSING = frozenset({"40001", "57014"})

logger = logging.getLogger(__name__)
_analytics: ContextVar[bool] = ContextVar("analytics", default=False)
_away_until = 0.0
P = ParamSpec("P")
R = TypeVar("R")


class ReadOnly(RuntimeError):  # noqa: N818  reads as the sentence it prints
    """What comes from the replica may be a moment old: read it again from the primary before you write."""


@contextmanager
def analytics() -> Iterator[None]:
    """Send the ORM reads of this context to the replica, all to one snapshot; to the primary where there is none.

    Inside `platform()` it changes nothing. Raises OperationalError when the replica goes away in the middle.
    """
    if _analytics.get() or on_platform() or not available():
        yield
        return
    token = _analytics.set(True)
    try:
        with transaction.atomic(using=REPLICA):
            yield
    finally:
        _analytics.reset(token)


def may_lag(aggregate: Callable[P, R]) -> Callable[P, R]:
    """Let a function that only reads, and returns no lazy query, be answered by the replica.

    When the replica goes away in the middle the function is called again and answered by the primary.
    """

    @wraps(aggregate)
    def answered(*args: P.args, **kwargs: P.kwargs) -> R:
        if _analytics.get() or on_platform() or not available():
            return aggregate(*args, **kwargs)
        try:
            with analytics():
                return aggregate(*args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            _pass_over(error)
            return aggregate(*args, **kwargs)

    return answered


def available() -> bool:
    """Tell whether a replica is set up and answers; one that does not is left alone for a while."""
    if REPLICA not in connections.settings or monotonic() < _away_until:
        return False
    try:
        connections[REPLICA].ensure_connection()
    except Error as error:
        _pass_over(error)
        return False
    return True


def _pass_over(error: Error) -> None:
    global _away_until  # noqa: PLW0603  one replica for the process
    reason = str(error).strip().partition("\n")[0]
    if getattr(error.__cause__, "sqlstate", None) in PASSING:
        logger.warning("The replica did not finish a read, the primary answers: %s", reason)
        return
    _away_until = monotonic() + AWAY_S
    logger.warning("The replica is away, the primary answers for %d s: %s", AWAY_S, reason)


class ReplicaRouter:
    """Database router: stands behind the platform's, which wins."""

    def db_for_read(self, model: type, **_hints: Any) -> str | None:
        if _analytics.get() or (getattr(model, "may_lag", False) and available()):
            return REPLICA
        return None

    def db_for_write(self, model: type, **hints: Any) -> str | None:
        state = getattr(hints.get("instance"), "_state", None)
        if _analytics.get() or (state is not None and state.db == REPLICA):
            raise ReadOnly(ReadOnly.__doc__)
        return None
