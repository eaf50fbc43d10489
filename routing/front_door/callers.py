"""Who asks, known from memory: each credential is looked up in PostgreSQL once a second at most, beside the calls.

A credential that ended works for STALE_S more at the most (FRESH_S while it is used all the time), and while PostgreSQL is away those that
were known a moment ago go on working for AWAY_S.
"""

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError

from miosa.http.problem import Problem, Unavailable
from routing.front_door.caller import Caller, Read, read
from routing.front_door.threads import in_thread

logger = logging.getLogger(__name__)

FRESH_S = 1.0  # so old may be what is known of a credential
STALE_S = 3.0  # until then a call need not wait for the look that it caused
AWAY_S = 300.0
MOST_KNOWN = 20_000
AWAY = (OperationalError, InterfaceError)


@dataclass(slots=True)
class Known:
    """What this process knows of one credential, and the look that is under way."""

    caller: Caller | None = None
    looking: "asyncio.Task[None] | None" = None
    read_at: float = float("-inf")
    refusal: Exception | None = None


@dataclass
class Callers:
    """Used by one event loop; `reads` looks a credential up, in a thread."""

    reads: Callable[[Read], Caller] = read
    clock: Callable[[], float] = time.monotonic
    _known: "OrderedDict[bytes, Known]" = field(default_factory=OrderedDict)

    async def caller(self, authorization: bytes, address: str) -> Caller:
        """Return who asks. Raises Problem: nobody we know, too many attempts, or nobody can be looked up."""
        mark = hashlib.sha256(authorization).digest()
        known = self._known.get(mark)
        if known is None:
            known = self._known[mark] = Known()
            while len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        age_s = self.clock() - known.read_at
        if known.caller is not None and age_s < FRESH_S:
            return known.caller
        looking = self._look(mark, known, authorization, address)
        if known.caller is not None and age_s < STALE_S:
            return known.caller
        await asyncio.shield(looking)
        if known.caller is None:
            raise known.refusal or Unavailable("The credential cannot be checked just now.", retry_after_s=1)
        return known.caller

    def _look(self, mark: bytes, known: Known, authorization: bytes, address: str) -> "asyncio.Task[None]":
        """Return the look that is under way, begun now if there was none."""
        if known.looking is None:
            known.looking = asyncio.ensure_future(self._looked(mark, known, authorization, address))
        return known.looking

    async def _looked(self, mark: bytes, known: Known, authorization: bytes, address: str) -> None:
        asked = Read(authorization.decode("latin-1"), address, known.caller)
        try:
            known.caller = await in_thread(self.reads, asked)
            known.read_at = self.clock()
        except AWAY as away:
            self._away(known, away)
        except Problem as refusal:
            known.caller, known.refusal = None, refusal
            self._known.pop(mark, None)  # a guess costs no memory, and is looked up and counted each time
        except Exception as unforeseen:
            known.refusal = Unavailable("The credential cannot be checked just now.")
            known.caller = None
            logger.exception("A credential could not be looked up", exc_info=unforeseen)
        finally:
            known.looking = None

    def _away(self, known: Known, away: Exception) -> None:
        """PostgreSQL does not answer: who was known a moment ago is believed a while longer."""
        if known.caller is None or self.clock() - known.caller.checked_at > AWAY_S:
            known.caller = None
            known.refusal = Unavailable(
                "The database does not answer; try again in a moment.", retry_after_s=2
            )
        else:
            known.read_at = self.clock()  # ask again in a second, not at each call
        logger.warning("Credentials cannot be looked up: %s", type(away).__name__)
