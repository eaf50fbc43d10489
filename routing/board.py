"""The scoreboard each tenant decides on, in this process: derived from outcomes, swapped in whole.

Outcomes are the truth; a board is thrown away and made again. A process sees its own outcomes at once
and those of others within `FRESH_S`. Tenants never share one: each learns from its own outcomes.
"""

import time
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, Sum

from routing.catalog_file import catalog as catalog  # noqa: PLC0414  board.catalog() reads well above
from routing.models import Outcome
from routing.providers.connected import is_reachable
from routing.scoreboard import Rules, Scoreboard
from routing.snapshot import Snapshot, Tally
from tenants.owned import current_tenant_id

FRESH_S = 1.0
# Choices are the best by the rules; drawing others now and then waits for a decision per tenant.
RULES = Rules(draws=0)


@dataclass(frozen=True, slots=True)
class Held:
    """A board and when the outcomes behind it were read (monotonic seconds)."""

    board: Scoreboard
    read_at: float


_held: dict[UUID | None, Held] = {}


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
    if held and time.monotonic() - held.read_at < FRESH_S:
        return held.board
    read_at = time.monotonic()
    known = snapshot()
    providers = reachable()
    if held and held.board.snapshot.digest == known.digest and held.board.providers == providers:
        _held[tenant_id] = Held(held.board, read_at)
        return held.board
    board = Scoreboard(catalog(), known, providers=providers, rules=RULES, warm=())
    _held[tenant_id] = Held(board, read_at)
    return board


def forget() -> None:
    """Make the current tenant's next decision read the outcomes anew."""
    _held.pop(current_tenant_id(), None)


def snapshot() -> Snapshot:
    """Read what the current tenant's outcomes teach."""
    rows = Outcome.objects.values("task_kind", "model").annotate(
        requests=Count("id"),
        successes=Count("id", filter=Q(success=True)),
        confidence_sum=Sum("confidence"),
        latency_ms_sum=Sum("latency_ms"),
    )
    return Snapshot(
        {
            (row["task_kind"], row["model"]): Tally(
                requests=row["requests"],
                successes=row["successes"],
                confidence_sum=float(row["confidence_sum"] or 0),
                rated=row["requests"],
                latency_ms_sum=float(row["latency_ms_sum"] or 0),
                timed=row["requests"],
            )
            for row in rows
        }
    )
