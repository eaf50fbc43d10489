"""The scoreboard each tenant decides on, in this process: derived from outcomes, swapped in whole.

Outcomes are the truth; a board is thrown away and made again. A process sees its own outcomes at once and those of
others within `FRESH_S`: it is told of them (`routing.news`), and where it hears nothing it looks every second. Either
way it reads again after `REREAD_S`. Each tenant has a board of its own.
"""

import threading
import time
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from routing import policies, pool, standings
from routing.catalog_file import catalog as catalog  # noqa: PLC0414  board.catalog() reads well above
from routing.gathered import Gathered
from routing.known import Known
from routing.news import Listener
from routing.providers.connected import is_reachable
from routing.scoreboard import Scoreboard
from routing.snapshot import Snapshot
from tenants.owned import current_tenant_id

FRESH_S = 1.0
REREAD_S = 20.0


@dataclass(slots=True)
class Held:
    """What this process knows of one tenant. `read_at` (monotonic seconds) tells when it last looked."""

    gathered: Gathered = field(default_factory=Gathered)
    board: Scoreboard | None = None
    read_at: float = float("-inf")
    stale: bool = False
    reading: threading.Lock = field(default_factory=threading.Lock)


_held: dict[UUID | None, Held] = {}


def _heard(tenant_id: UUID) -> None:
    held = _held.get(tenant_id)
    if held is not None:
        held.stale = True


listener = Listener(_heard)


def reachable() -> frozenset[str]:
    """Return the names of the providers that are set up here."""
    given = variables()
    return frozenset(facts.name for facts in catalog().providers if is_reachable(facts, given))


def variables() -> dict[str, str]:
    """Return the values of the variables that the catalogue's providers name."""
    names = {
        name for facts in catalog().providers for name in (facts.key_variable, facts.url_variable) if name
    }
    return {name: settings.ENVIRONMENT.value_of(name) for name in names}


def current() -> Scoreboard:
    """Return the current tenant's board."""
    tenant_id = current_tenant_id()
    held = _held.get(tenant_id)
    if held is None:
        held = _held.setdefault(tenant_id, Held())
    if held.board is not None and not _due(held):
        return held.board
    with held.reading:
        if held.board is not None and not _due(held):  # it was read while we waited
            return held.board
        return _read(held)


def forget() -> None:
    """Make the current tenant's next decision read the outcomes anew."""
    held = _held.get(current_tenant_id())
    if held is not None:
        held.read_at = float("-inf")


def forget_all() -> None:
    """Drop what this process holds of every tenant, as a restart does."""
    _held.clear()


def known(gathered: Gathered | None = None) -> Known:
    """Read all that the current tenant's decisions are made from."""
    tenant_id = current_tenant_id()
    policy = policies.current()
    standing = standings.read()
    cells = (gathered or Gathered()).cells(tenant_id, standing.shifts) if tenant_id else {}
    return Known(
        catalog=catalog(),
        snapshot=Snapshot(
            cells=cells,
            pooled=pool.others() if policy.takes_counts else {},
            withheld=standing.withheld,
        ),
        weights=policies.weights(policy),
        rules=policies.rules(policy),
        providers=reachable(),
    )


def snapshot() -> Snapshot:
    """Read what the current tenant's outcomes teach."""
    return known().snapshot


def _due(held: Held) -> bool:
    age_s = time.monotonic() - held.read_at
    return age_s >= (REREAD_S if listener.hears() and not held.stale else FRESH_S)


def _read(held: Held) -> Scoreboard:
    read_at = time.monotonic()
    held.stale = False
    now_known = known(held.gathered)
    # What this transaction wrote itself may yet be rolled back: look again soon.
    held.stale = held.stale or held.gathered.provisional
    if held.board is None or held.board.version != now_known.version:
        held.board = Scoreboard.of(now_known)
    held.read_at = read_at
    return held.board
