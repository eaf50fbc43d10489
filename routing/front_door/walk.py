"""Along the ranked models until one answers: retries, waits, breakers and fallback, each try written down.

What decides is `routing.pace`, as for agents. Nothing a client has seen is ever begun again: a stream is given out once
its first word has come, and from then on it is this model's.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Container, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, NamedTuple, TypeVar

from routing.attempt_record import AttemptRecord
from routing.catalog import Model
from routing.circuit import OWN, Where
from routing.errors import NoProviderLeft
from routing.messages import Usage
from routing.pace import NextModel, Pace
from routing.providers.contract import ProviderFailure, Refused, Withdrawn
from routing.tried import lost

T = TypeVar("T")
TOTAL_S = 300.0
FINAL = frozenset({400, 413, 422})  # the request itself is wrong, as far as this model goes

Try = Callable[[Model, float], Awaitable[T]]


class Answered(NamedTuple, Generic[T]):
    """What a model gave, and when it was asked: as a time of day, and by the clock of the pace."""

    answer: T
    model: Model
    started_at: datetime
    tried_at: float


@dataclass
class Walk:
    """One call's way along the candidates; `records` are its tries, in their order.

    `own_of` names the tenant whose own keys are used at `own` providers: their health is a matter of its own.
    `input_tokens` is what a provider may bill for a try that is given up.
    """

    pace: Pace
    deadline: float
    own: Container[str] = ()
    own_of: str = ""
    input_tokens: int = 0
    records: list[AttemptRecord] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    async def over(self, candidates: Sequence[Model], attempt: "Try[T]") -> Answered[T]:
        """Return what the first model that answers gave. Raises NoProviderLeft; see `refused` for why."""
        reasons: list[str] = []
        waits: list[float] = []
        for model in candidates:
            try:
                return await self._ask(model, attempt)
            except NextModel as left:
                reasons.append(f"{model.id}: {left}")
                if left.wait_s is not None:
                    waits.append(left.wait_s)
        raise NoProviderLeft(reasons, attempts=tuple(self.records), retry_after_s=min(waits, default=5.0))

    def left_s(self) -> float:
        """Return what is left of the time."""
        return self.deadline - self.pace.clock()

    def where(self, model: Model) -> Where:
        """Return under what name the health of a model is known for this call."""
        if model.provider in self.own:
            return f"{OWN}{self.own_of}:{model.provider}", model.id
        return model.provider, model.id

    async def _ask(self, model: Model, attempt: "Try[T]") -> Answered[T]:
        where = self.where(model)
        for number in itertools.count(1):
            await _wait(self.pace.rest_s(where, left_s=self.left_s()))
            self.pace.admit(where, number)
            try:
                return await self._try(model, attempt)
            except ProviderFailure as failure:
                if isinstance(failure, Refused) and failure.status in FINAL:
                    self.refused.append(failure)
                await _wait(self.pace.again_s(where, failure, number, left_s=self.left_s()))
        raise AssertionError("the last try ends in an answer or in the next model")

    async def _try(self, model: Model, attempt: "Try[T]") -> Answered[T]:
        """Send it once. One that fails is written down here; one that answers, by who reads the answer."""
        where = self.where(model)
        started_at, started = datetime.now(UTC), self.pace.clock()
        try:
            return Answered(await attempt(model, self.left_s()), model, started_at, started)
        except ProviderFailure as failure:
            self.pace.ended(where, failure)
            latency_ms = round((self.pace.clock() - started) * 1000)
            self.records.append(lost(model, failure, latency_ms=latency_ms, started_at=started_at))
            raise
        except BaseException as ended:
            self.pace.withdrawn(where)
            if isinstance(ended, asyncio.CancelledError):
                latency_ms = round((self.pace.clock() - started) * 1000)
                withdrawn = Withdrawn(usage=Usage(self.input_tokens, 0, estimated=True))
                self.records.append(lost(model, withdrawn, latency_ms=latency_ms, started_at=started_at))
            raise


async def _wait(seconds: float) -> None:
    if seconds > 0:
        await asyncio.sleep(seconds)
