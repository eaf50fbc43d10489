"""A second provider asked where the first is late: off unless the operator wants it, and never more than one call in twenty.

Late is what 95 of a hundred recent answers of that model were not. Only whole answers are hedged, nothing of which
anybody has seen; whoever is slower is cancelled, and what it used is the platform's cost.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from routing.catalog import Model
from routing.circuit import Where
from routing.errors import NoProviderLeft
from routing.front_door.walk import Answered, Try, Walk

T = TypeVar("T")
SHARE = 0.05  # of the calls may be asked twice
MOST_SAVED = 5.0
ENOUGH, RECENT = 20, 200  # answers that a guess needs, and that it looks at
LATE = 0.95


@dataclass
class Hedges:
    """How long answers took, by model, and how many calls may yet be asked twice."""

    _took: dict[Where, deque[float]] = field(default_factory=dict)
    _saved: float = 0.0

    def earn(self) -> None:
        """A call is made."""
        self._saved = min(MOST_SAVED, self._saved + SHARE)

    def spend(self) -> bool:
        """Whether one may be asked twice now."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True

    def took(self, where: Where, seconds: float) -> None:
        """Report an answer."""
        self._took.setdefault(where, deque(maxlen=RECENT)).append(seconds)

    def late_s(self, where: Where) -> float | None:
        """Return after how many seconds an answer is late; None while too few are known."""
        known = self._took.get(where, ())
        return sorted(known)[int(LATE * len(known))] if len(known) >= ENOUGH else None


class Race:
    """A walk whose first model gets company where it is late."""

    def __init__(self, walk: Walk, hedges: Hedges) -> None:
        self._walk, self._hedges = walk, hedges

    async def over(self, candidates: Sequence[Model], attempt: "Try[T]") -> Answered[T]:
        """Return what the first model that answers gave. Raises NoProviderLeft."""
        self._hedges.earn()
        first = candidates[0]
        late_s = self._hedges.late_s(self._walk.where(first))
        other = next((one for one in candidates if one.provider != first.provider), None)
        if late_s is None or other is None:
            answered = await self._walk.over(candidates, attempt)
        else:
            answered = await self._raced(candidates, other, late_s, attempt)
        took_s = self._walk.pace.clock() - answered.tried_at
        self._hedges.took(self._walk.where(answered.model), took_s)
        return answered

    async def _raced(
        self, candidates: Sequence[Model], other: Model, late_s: float, attempt: "Try[T]"
    ) -> Answered[T]:
        """Ask the first alone until it is late, then the other beside it; the rest where both fail."""
        asked = [candidates[0]]
        running = {asyncio.ensure_future(self._walk.over(asked, attempt))}
        try:
            done, _ = await asyncio.wait(running, timeout=late_s)
            if not done and self._hedges.spend():
                asked.append(other)
                running.add(asyncio.ensure_future(self._walk.over([other], attempt)))
            answered, failures = await _first(running)
        finally:
            await _cancelled(running)
        if answered is not None:
            return answered
        rest = [model for model in candidates if model not in asked]
        try:
            return await self._walk.over(rest, attempt)
        except NoProviderLeft as nobody:
            raise _together([*failures, nobody]) from nobody


async def _first(
    running: "set[asyncio.Task[Answered[T]]]",
) -> tuple[Answered[T] | None, list[NoProviderLeft]]:
    """Return the first answer; where none comes, why."""
    failures: list[NoProviderLeft] = []
    waiting = set(running)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            try:
                return task.result(), failures
            except NoProviderLeft as nobody:
                failures.append(nobody)
    return None, failures


async def _cancelled(running: "set[asyncio.Task[Any]]") -> None:
    """End what is still running, and wait until it has."""
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def _together(failures: list[NoProviderLeft]) -> NoProviderLeft:
    reasons = [reason for one in failures for reason in one.reasons]
    waits = [one.retry_after_s for one in failures]
    return NoProviderLeft(reasons, attempts=failures[-1].attempts, retry_after_s=min(waits))
