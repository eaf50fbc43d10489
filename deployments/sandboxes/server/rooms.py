"""The boxes that are open: who has how many, when each one ends, and that it does end even if nobody asks."""

import asyncio
import logging
import secrets
import string
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from deployments.boxes.contract import Box, BoxSpec
from deployments.sandboxes.permit import Permit
from deployments.sandboxes.server.refusals import Refusal, no_such
from deployments.sandboxes.server.wanted import Wanted

logger = logging.getLogger(__name__)

MOST_BOXES = 64  # of all tenants together
ALPHABET = string.ascii_lowercase + string.digits
ID_CHARACTERS = 20
GRACE_S = 5.0
RETRY = {"Retry-After": "1"}

Open = Callable[[BoxSpec], Awaitable[Box]]


@dataclass(eq=False)
class Room:
    """One open box and what belongs to it on this side of its wall. `extras` is what the routes keep with it."""

    sandbox_id: str
    permit: Permit
    wanted: Wanted
    box: Box
    started_at: datetime
    ends_at: datetime
    token: str = field(default_factory=lambda: secrets.token_hex(24), repr=False)
    traffic_token: str = field(default_factory=lambda: secrets.token_hex(24), repr=False)
    extras: dict[str, Any] = field(default_factory=dict)
    end: asyncio.TimerHandle | None = None


class Rooms:
    """Opens, finds, prolongs and closes boxes; a box over its time is closed by a timer of its own."""

    def __init__(self, open_box: Open, *, most: int = MOST_BOXES) -> None:
        self._open_box = open_box
        self._most = most
        self._rooms: dict[str, Room] = {}
        self._opening: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, permit: Permit, wanted: Wanted, spec: BoxSpec) -> Room:
        """Open a box for a tenant. Raise Refusal where it or the machine has too many."""
        self._refuse_too_many(permit)
        self._opening[permit.tenant] = self._opening.get(permit.tenant, 0) + 1
        try:
            box = await self._open_box(spec)
        finally:
            self._opening[permit.tenant] -= 1
            if not self._opening[permit.tenant]:
                del self._opening[permit.tenant]
        now = datetime.now(UTC)
        room = Room(_new_id(), permit, wanted, box, now, now)
        self._rooms[room.sandbox_id] = room
        self.end_in(room, wanted.timeout_s)
        self._keep(self._forget_when_ended(room))
        return room

    def find(self, sandbox_id: str) -> Room | None:
        """Return an open box, whoever's it is."""
        return self._rooms.get(sandbox_id)

    def of(self, tenant: str, sandbox_id: str) -> Room:
        """Return a box of a tenant. Raise Refusal where there is none, or it is another's."""
        room = self._rooms.get(sandbox_id)
        if room is None or room.permit.tenant != tenant:
            raise no_such(sandbox_id[:64])
        return room

    def all_of(self, tenant: str) -> list[Room]:
        """Return a tenant's boxes, the newest first."""
        mine = (room for room in self._rooms.values() if room.permit.tenant == tenant)
        return sorted(mine, key=lambda room: (room.started_at, room.sandbox_id), reverse=True)

    def everyones(self) -> Iterable[Room]:
        """Return all boxes."""
        return tuple(self._rooms.values())

    def end_in(self, room: Room, seconds: float) -> None:
        """Let a box end so many seconds from now, at the latest when its permit's longest life is over."""
        latest = room.started_at + timedelta(seconds=room.permit.lifetime_s)
        room.ends_at = min(datetime.now(UTC) + timedelta(seconds=seconds), latest)
        if room.end:
            room.end.cancel()
        left_s = max(0.0, (room.ends_at - datetime.now(UTC)).total_seconds())
        room.box.extend(left_s + GRACE_S)  # the box's own clock is the second wall
        room.end = asyncio.get_running_loop().call_later(left_s, self._time_is_up, room)

    async def close(self, room: Room) -> None:
        """End a box; its place is free when it is really gone."""
        if room.end:
            room.end.cancel()
        await room.box.close()
        self._rooms.pop(room.sandbox_id, None)

    async def close_all(self) -> None:
        """End every box."""
        await asyncio.gather(*(self.close(room) for room in self.everyones()), return_exceptions=True)
        for task in self._tasks:
            task.cancel()

    def _refuse_too_many(self, permit: Permit) -> None:
        own = len(self.all_of(permit.tenant)) + self._opening.get(permit.tenant, 0)
        if own >= permit.boxes:
            raise Refusal(
                429, f"{own} sandboxes are open and this key allows {permit.boxes} at once.", headers=RETRY
            )
        if len(self._rooms) + sum(self._opening.values()) >= self._most:
            raise Refusal(
                429, f"This machine holds its {self._most} sandboxes already; try again.", headers=RETRY
            )

    def _time_is_up(self, room: Room) -> None:
        logger.info("Sandbox %s of %s reached its timeout", room.sandbox_id, room.permit.tenant)
        self._keep(self.close(room))

    async def _forget_when_ended(self, room: Room) -> None:
        ending = await room.box.ended()
        logger.info("Sandbox %s of %s ended: %s", room.sandbox_id, room.permit.tenant, ending.reason)
        if room.end:
            room.end.cancel()
        self._rooms.pop(room.sandbox_id, None)

    def _keep(self, work: Any) -> None:
        """Hold a task until it is done: the loop itself would let it be collected."""
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _new_id() -> str:
    return "i" + "".join(secrets.choice(ALPHABET) for _ in range(ID_CHARACTERS - 1))
