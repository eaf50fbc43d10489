"""What this process holds of each tenant: its board, when that was read, and what was heard since.

Told is counted, not flagged: what is told while a board is being read is never taken for part of it.
"""

import threading
import time
from dataclasses import dataclass, field
from uuid import UUID

from routing.gathered import Gathered
from routing.news import Listener
from routing.scoreboard import Scoreboard
from tenants.owned import current_tenant_id

FRESH_S = 1.0
REREAD_S = 20.0
NEVER = float("-inf")
MOST_HELD = 1_000  # tenants; one that was dropped is read from its outcomes again


@dataclass(slots=True)
class Held:
    """What this process knows of one tenant. `read_at` (monotonic seconds) tells when it last looked.

    `told` counts what others announced, `written` what this process committed; `taken_in` is the count of `told` that
    the board has in it.
    """

    gathered: Gathered = field(default_factory=Gathered)
    board: Scoreboard | None = None
    read_at: float = NEVER
    told: int = 0
    taken_in: int = 0
    written: int = 0
    reading: threading.Lock = field(default_factory=threading.Lock)

    def due(self) -> bool:
        """Whether it is time to look again: soon after others told, or where they are not heard; else now and then."""
        age_s = time.monotonic() - self.read_at
        if age_s < FRESH_S:
            return False
        return age_s >= REREAD_S or self.told != self.taken_in or not listener.hears()


_held: dict[UUID | None, Held] = {}


def here() -> Held:
    """Return what is held of the current tenant."""
    tenant_id = current_tenant_id()
    found = _held.get(tenant_id)
    if found is None:
        while len(_held) >= MOST_HELD:
            _held.pop(next(iter(_held), None), None)  # the one that came first
        found = _held.setdefault(tenant_id, Held())
    return found


def forget() -> None:
    """Make the current tenant's next decision read the outcomes anew."""
    held = _held.get(current_tenant_id())
    if held is not None:
        held.written += 1  # first: a reading that is under way sees that it came too early
        held.read_at = NEVER


def forget_all() -> None:
    """Drop what this process holds of every tenant, as a restart does."""
    _held.clear()


def _heard(tenant_id: UUID) -> None:
    held = _held.get(tenant_id)
    if held is not None:
        held.told += 1


def _began() -> None:
    """Nothing was heard until now, so anything may have been told."""
    for held in list(_held.values()):
        held.told += 1


listener = Listener(_heard, began=_began)
