"""What the front door of one process has at hand: who is known, money and rates in hand, connections, the journal."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from routing import board
from routing.catalog import Model
from routing.circuit import Circuit
from routing.front_door.caller import Caller, Limit
from routing.front_door.callers import Callers
from routing.front_door.hedging import Hedges
from routing.front_door.journal import Journal
from routing.front_door.money import Purse, opener
from routing.front_door.pots import Pot, Pots, pot
from routing.front_door.threads import in_thread
from routing.front_door.tries import JSON_HEADERS, Place
from routing.front_door.upstream import Upstream
from routing.pace import Pace
from routing.providers.connected import kind_of
from routing.providers.redaction import Secret
from routing.shared_health import SharedHealth

logger = logging.getLogger(__name__)

TIDY_S = 0.5
Whose = tuple[UUID, UUID | None, UUID | None]


def _pace() -> Pace:
    return Pace(Circuit(opens_after=settings.ENVIRONMENT.breaker_opens_after))


def _hedges() -> Hedges | None:
    return Hedges() if settings.ENVIRONMENT.gateway_hedge else None


@dataclass
class Desk:
    """Used by one event loop. `folder` is where the journal lies."""

    folder: Path
    callers: Callers = field(default_factory=Callers)
    upstream: Upstream = field(default_factory=Upstream)
    pace: Pace = field(default_factory=_pace)
    hedges: Hedges | None = field(default_factory=_hedges)
    _purses: dict[Whose, tuple[Caller, Purse]] = field(default_factory=dict)
    _pots: dict[str, Pot] = field(default_factory=dict)
    _sets: dict[Whose, tuple[tuple[Limit, ...], Pots]] = field(default_factory=dict)
    _places: dict[str, Place | None] = field(default_factory=dict)
    _beside: "set[asyncio.Task[None]]" = field(default_factory=set)
    _tidying: "asyncio.Task[None] | None" = None

    @cached_property
    def journal(self) -> Journal:
        """The files of this process."""
        return Journal(self.folder)

    @cached_property
    def health(self) -> SharedHealth:
        """What this process and the others tell each other of the providers."""
        return SharedHealth(self.pace.circuit)

    def begin(self) -> None:
        """Tidy up now and then, from now on."""
        if self._tidying is None:
            self._tidying = asyncio.ensure_future(self._tidy())

    async def end(self) -> None:
        """Give back what is held; nothing is served afterwards."""
        if self._tidying is not None:
            self._tidying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._tidying
            self._tidying = None
        for _, purse in self._purses.values():
            purse.tidy(now=True)
        await self.upstream.close()
        if "journal" in vars(self):
            self.journal.close()
            del self.journal

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that no call waits for; what goes wrong with it is logged."""
        task = asyncio.ensure_future(work)
        self._beside.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._beside.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.warning("Something beside the calls failed: %s", type(error).__name__)

    def purse(self, caller: Caller) -> Purse:
        """Return the money in hand for a credential."""
        whose = _whose(caller)
        known, purse = self._purses.get(whose, (None, None))
        if purse is None:
            purse = Purse(
                caller.tenant_id, self.journal, opener(caller.tenant_id, caller.lineage, caller.day_caps)
            )
            self._purses[whose] = (caller, purse)
        elif known is not caller:  # its budgets may be others now
            purse.open_block = opener(caller.tenant_id, caller.lineage, caller.day_caps)
            self._purses[whose] = (caller, purse)
        return purse

    def pots(self, caller: Caller) -> Pots:
        """Return the rates in hand for a credential; its tenant's are shared with the tenant's other credentials."""
        whose, limits = _whose(caller), (*caller.requests, *caller.tokens)
        known = self._sets.get(whose)
        if known is None or known[0] != limits:
            found = Pots(tuple(map(self._pot, caller.requests)), tuple(map(self._pot, caller.tokens)))
            known = self._sets[whose] = (limits, found)
        return known[1]

    def place(self, caller: Caller, model: Model) -> Place | None:
        """Return where a model is reached for this caller; None where its provider is not set up."""
        own = caller.own_keys.get(model.provider)
        if own is not None:
            return _place(model.provider, board.variables(), own)
        if model.provider not in self._places:
            self._places[model.provider] = _place(model.provider, board.variables(), None)
        return self._places[model.provider]

    def _pot(self, limit: Limit) -> Pot:
        found = self._pots.get(limit.key)
        if found is None or found.bucket.rate != limit.rate:
            found = self._pots[limit.key] = pot(*limit)
        return found

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(TIDY_S)
            try:
                for whose, (_, purse) in list(self._purses.items()):
                    if purse.tidy():
                        del self._purses[whose]
            except OSError:
                logger.exception("The journal cannot be written")
            await in_thread(self.health.sync)


def _whose(caller: Caller) -> Whose:
    who = caller.principal
    return who.tenant_id, who.key_id, None if who.key_id else who.user_id


def _place(provider: str, variables: Mapping[str, str], own: Secret | None) -> Place | None:
    facts = board.catalog().provider(provider)
    kind = kind_of(facts)
    address = variables.get(facts.url_variable, "") or facts.base_url
    secret = own or Secret(variables.get(facts.key_variable, "") if facts.key_variable else "")
    if not address or (facts.key_variable and not secret):
        return None
    headers = JSON_HEADERS | kind.credentials(secret)
    return Place(kind, facts, kind.base(address) + kind.chat_path, headers, secret, own is not None)
