"""How often and how much: requests and tokens a minute, taken from the shared buckets a few at a time.

A pot holds what this process took from a bucket and has not used. What nobody uses for a moment is forgotten (the
bucket fills by itself), so all processes together never pass a limit.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from miosa.limits_environment import Rate
from routing.front_door.threads import in_thread
from tenants.throttling import RateLimited
from tenants.throttling.bucket import Bucket, Verdict
from tenants.throttling.deciding import decide

SHARE = 64  # a pot takes at most this part of a limit at once
KEPT_S = 1.0

Decide = Callable[[Sequence[Bucket]], Verdict]


@dataclass(slots=True)
class Pot:
    """What is left of what was taken from a bucket."""

    bucket: Bucket
    left: int = 0
    used: float = 0.0

    @property
    def portion(self) -> int:
        """How much is taken at once."""
        return max(1, self.bucket.rate.burst // SHARE)


class Pots:
    """The pots that one credential uses; those of its tenant are shared with others."""

    __slots__ = ("_clock", "_decide", "_filling", "requests", "tokens")

    def __init__(
        self,
        requests: Sequence[Pot],
        tokens: Sequence[Pot],
        *,
        ask: Decide = decide,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.requests, self.tokens = tuple(requests), tuple(tokens)
        self._decide, self._clock = ask, clock
        self._filling = asyncio.Lock()

    async def take(self, tokens: int) -> None:
        """Take one request and so many tokens from all, or nothing. Raises RateLimited."""
        now, wanted = self._clock(), self._wanted(tokens)
        if any(not _has(pot, count, now) for pot, count in wanted):
            async with self._filling:  # one at a time: what one takes may be enough for the others
                short = [(pot, count) for pot, count in wanted if not _has(pot, count, now)]
                if short:
                    await self._fill(short)
                _spend(wanted, now)
        else:
            _spend(wanted, now)

    def give_back(self, tokens: int) -> None:
        """Give back tokens that were taken and not used; negative: more were used than taken."""
        for pot in self.tokens:
            pot.left = min(pot.left + tokens, 4 * max(pot.portion, tokens))

    def _wanted(self, tokens: int) -> list[tuple[Pot, int]]:
        return [(pot, 1) for pot in self.requests] + [(pot, tokens) for pot in self.tokens]

    async def _fill(self, short: list[tuple[Pot, int]]) -> None:
        lacking = [(pot, count - pot.left) for pot, count in short]  # what was overdrawn is paid back first
        verdict = await self._asked([(pot, max(count, pot.portion)) for pot, count in lacking])
        taken = [max(count, pot.portion) for pot, count in lacking]
        if not verdict.let_in:
            verdict = await self._asked(lacking)
            taken = [count for _, count in lacking]
        if not verdict.let_in:
            raise RateLimited(verdict)
        for (pot, _), count in zip(lacking, taken, strict=True):
            pot.left += count

    async def _asked(self, wanted: Sequence[tuple[Pot, int]]) -> Verdict:
        buckets = [replace(pot.bucket, count=min(count, pot.bucket.rate.burst)) for pot, count in wanted]
        return await in_thread(self._decide, buckets)


def pot(policy: str, key: str, rate: Rate) -> Pot:
    """Return an empty pot for a bucket."""
    return Pot(Bucket(policy, key, rate))


def _spend(wanted: Sequence[tuple[Pot, int]], now: float) -> None:
    for pot, count in wanted:
        pot.left -= count
        pot.used = now


def _has(pot: Pot, count: int, now: float) -> bool:
    if now - pot.used > KEPT_S:
        pot.left = min(0, pot.left)
    return pot.left >= count
