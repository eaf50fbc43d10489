"""Money for calls, taken from the tenant's budget in blocks: a call is reserved and settled in memory, each in one step.

A block is a reservation of `billing.quota` like any other: so what all processes and all executions spend together
never passes a cap, whatever a process believes. It lives for seconds. When its calls have ended it is closed: the
journal says what of it was spent, and the clerk settles it. A process that dies leaves its blocks to the clerk, and
a machine that dies to their lease.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

from billing import quota
from miosa.http.problem import PaymentRequired
from routing.front_door.journal import Journal
from routing.front_door.threads import in_tenant
from tenants.delegation import Link

LEASE_S = 900  # longer than the longest call and the life of a block together
OLD_S = 15.0  # then a new one is taken
IDLE_S = 2.0  # what nobody uses is given back, for others to spend
FIRST_CALLS, MOST_CALLS = 4, 256  # a block holds what so many calls like the one at hand may cost
MOST_MICROS = 20_000_000

Opener = Callable[[str, int], Awaitable[None]]


@dataclass(slots=True)
class Block:
    """Micro-dollars: `granted` by the budget, `held` by calls under way, `spent` by those that ended."""

    reference: str
    granted: int
    day: date
    opened: float
    used: float
    held: int = 0
    spent: int = 0
    calls: int = 0

    def fits(self, amount: int) -> bool:
        """Whether so much more can be held."""
        return self.spent + self.held + amount <= self.granted


class Hold(NamedTuple):
    """What is set aside for one call."""

    block: Block | None
    amount: int

    @property
    def reference(self) -> str:
        """Name the block it is in."""
        return self.block.reference if self.block else ""


NOTHING = Hold(None, 0)


@dataclass
class Purse:
    """The blocks of one credential; used by one event loop."""

    tenant_id: UUID
    journal: Journal
    open_block: Opener
    clock: Callable[[], float] = time.monotonic
    today: Callable[[], date] = lambda: datetime.now(UTC).date()
    _current: Block | None = None
    _retired: list[Block] = field(default_factory=list)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _calls: int = FIRST_CALLS

    async def reserve(self, amount: int) -> Hold:
        """Set aside what a call may cost at the most. Raises PaymentRequired: the budget does not cover it."""
        if amount == 0:
            return NOTHING
        block = self._usable(amount)
        if block is None:
            async with self._lock:
                block = self._usable(amount) or await self._opened(amount)
        return _held(block, amount, self.clock())

    def settle(self, hold: Hold, actual: int) -> None:
        """Charge what was really used and free the rest; at once, whatever else happens."""
        block = hold.block
        if block is None:
            return
        block.held -= hold.amount
        block.spent += actual
        block.calls -= 1
        block.used = self.clock()
        if block in self._retired:
            self._close_ended()

    def tidy(self, *, now: bool = False) -> bool:
        """Close the block that is old or that nobody uses; tell whether nothing is left. `now`: whatever its age."""
        block, moment = self._current, self.clock()
        if block is not None:
            idle = not block.calls and moment - block.used >= IDLE_S
            if now or idle or moment - block.opened >= OLD_S:
                self._retire()
                self._calls = max(FIRST_CALLS, self._calls // 2) if idle else self._calls
        self._close_ended()
        return self._current is None and not self._retired

    def _usable(self, amount: int) -> Block | None:
        block = self._current
        if block is None or not block.fits(amount) or block.day != self.today():
            return None
        return block if self.clock() - block.opened < OLD_S else None

    async def _opened(self, amount: int) -> Block:
        """Take a new block: for many calls like this one, or for this one alone where there is no more."""
        self._retire()
        wanted = max(amount, min(amount * self._calls, MOST_MICROS))
        self._calls = min(MOST_CALLS, self._calls * 2)
        try:
            reference = await self._taken(wanted)
        except PaymentRequired:
            if wanted == amount:
                raise
            wanted, self._calls = amount, 1
            reference = await self._taken(wanted)
        moment = self.clock()
        self._current = Block(reference, wanted, self.today(), moment, moment)
        return self._current

    async def _taken(self, amount: int) -> str:
        """Take a block that is written down before, so that whoever dies now leaves nothing that nobody knows of."""
        reference = f"gateway:{uuid7().hex}"
        self.journal.opened(reference, self.tenant_id)
        try:
            await self.open_block(reference, amount)
        except BaseException:
            self.journal.closed(reference, self.tenant_id, 0)
            raise
        return reference

    def _retire(self) -> None:
        if self._current is not None:
            self._retired.append(self._current)
            self._current = None
            self._close_ended()

    def _close_ended(self) -> None:
        for block in [one for one in self._retired if not one.calls]:
            self._retired.remove(block)
            self.journal.closed(block.reference, self.tenant_id, block.spent)


def opener(tenant_id: UUID, lineage: Sequence[Link], day_caps: Mapping[UUID, int]) -> Opener:
    """Return what takes a block from the tenant's budget, from those of the key and all it descends from, and of the day."""

    async def take(reference: str, amount: int) -> None:
        options = {"lineage": lineage, "lease_s": LEASE_S, "day_caps": day_caps}
        await in_tenant(tenant_id, quota.reserve, reference, amount, **options)

    return take


def _held(block: Block, amount: int, moment: float) -> Hold:
    block.held += amount
    block.calls += 1
    block.used = moment
    return Hold(block, amount)
