"""How long one call may take, held by one timer: until the first token, between two pieces, and in all.

The timer is not set anew at each piece: when it rings it looks what has been heard meanwhile, and waits for the rest.
"""

import asyncio
from types import TracebackType
from typing import Self

from routing.providers.contract import Limits, Phase, TooSlow


class Patience:
    """Entered and left around one try; a limit that ran out ends the block with TooSlow."""

    __slots__ = (
        "_allowed_s",
        "_end",
        "_fired",
        "_handle",
        "_limits",
        "_loop",
        "_phase",
        "_task",
        "_until",
        "started",
    )

    def __init__(self, limits: Limits, *, whole: bool) -> None:
        """`whole`: the answer comes in one piece, so there is no first token to wait for."""
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self.started = self._loop.time()
        self._end = self.started + limits.total_s
        self._fired: Phase | None = None
        self._phase: Phase = "total" if whole else "first token"
        self._allowed_s = limits.total_s if whole else limits.first_token_s
        self._until = self.started + self._allowed_s

    def heard(self) -> None:
        """A piece of the answer arrived: the next may take the idle limit."""
        self._phase, self._allowed_s = "idle", self._limits.idle_s
        self._until = self._loop.time() + self._allowed_s

    def elapsed_ms(self) -> int:
        """Return the time since the beginning."""
        return round((self._loop.time() - self.started) * 1000)

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.cancel()
        if self._fired is None or self._task is None:
            return
        others = self._task.uncancel()
        if kind is asyncio.CancelledError and not others:
            allowed = self._limits.total_s if self._fired == "total" else self._allowed_s
            raise TooSlow(self._fired, allowed) from error

    def _wait(self) -> None:
        self._handle = self._loop.call_at(min(self._until, self._end), self._look)

    def _look(self) -> None:
        now = self._loop.time()
        if now >= self._end:
            self._fired = "total"
        elif now >= self._until:
            self._fired = self._phase
        if self._fired is None:
            self._wait()
        elif self._task is not None:
            self._task.cancel()
