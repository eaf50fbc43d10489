"""The scoreboard each tenant decides on, in this process: derived from outcomes, swapped in whole.

Outcomes are the truth; a board is thrown away and made again. A process sees its own outcomes at once and those of
others within `FRESH_S`: it is told of them (`routing.news`), and where it hears nothing it looks every second. Either
way it reads again after `REREAD_S`. Each tenant has a board of its own.
"""

import time

from django.conf import settings

from routing import held, policies, pool, standings
from routing.catalog_file import catalog as catalog  # noqa: PLC0414  board.catalog() reads well above
from routing.gathered import Gathered
from routing.held import FRESH_S, NEVER, REREAD_S, Held, forget, forget_all, listener
from routing.known import Known
from routing.providers.connected import address_of, is_reachable
from routing.scoreboard import Scoreboard
from routing.snapshot import Snapshot
from tenants.owned import current_tenant_id

__all__ = [
    "FRESH_S", "REREAD_S", "catalog", "current", "forget", "forget_all", "has_address", "known", "listener", "reachable", "snapshot",
    "variables",
]  # fmt: skip


def reachable() -> frozenset[str]:
    """Return the names of the providers that are set up here."""
    given = variables()
    return frozenset(facts.name for facts in catalog().providers if is_reachable(facts, given))


def has_address(name: str) -> bool:
    """Whether it is known where a provider is, whoever has a key for it."""
    facts = next((facts for facts in catalog().providers if facts.name == name), None)
    return facts is not None and bool(address_of(facts, variables()))


def variables() -> dict[str, str]:
    """Return the values of the variables that the catalogue's providers name."""
    names = {
        name for facts in catalog().providers for name in (facts.key_variable, facts.url_variable) if name
    }
    return {name: settings.ENVIRONMENT.value_of(name) for name in names}


def current() -> Scoreboard:
    """Return the current tenant's board."""
    here = held.here()
    if here.board is not None and not here.due():
        return here.board
    with here.reading:
        if here.board is not None and not here.due():  # it was read while we waited
            return here.board
        return _read(here)


def known(gathered: Gathered | None = None) -> Known:
    """Read all that the current tenant's decisions are made from."""
    tenant_id = current_tenant_id()
    policy = policies.current()
    rules = policies.rules(policy)
    standing = standings.read()
    cells = (gathered or Gathered()).cells(tenant_id, standing.shifts) if tenant_id else {}
    return Known(
        catalog=catalog(),
        snapshot=Snapshot(
            cells=cells,
            pooled=pool.others() if policy.takes_counts else {},
            withheld=standing.withheld,
            pool_strength=rules.pool_strength,
        ),
        weights=policies.weights(policy),
        rules=rules,
        providers=reachable(),
    )


def snapshot() -> Snapshot:
    """Read what the current tenant's outcomes teach."""
    return known().snapshot


def _read(here: Held) -> Scoreboard:
    """Read anew. What is told or committed meanwhile, and what fails, leaves the board as old as it was."""
    read_at, told, written = time.monotonic(), here.told, here.written
    now_known = known(here.gathered)
    if here.board is None or here.board.version != now_known.version:
        here.board = Scoreboard.of(now_known)
    # What this transaction wrote itself may yet be rolled back: look again soon.
    here.taken_in = told - 1 if here.gathered.provisional else told
    here.read_at = read_at
    if here.written != written:
        here.read_at = NEVER
    return here.board
