"""Walks the ranked models until one answers whole: retries, waits, breakers and fallback, each try recorded.

For work that collects the answer: nothing of a failed try is ever used, so anything may be tried again. (A reader
who has seen the first words needs other rules.) Completions are not idempotent: every try that was sent has a
record, so that each can be paid for.
"""

import itertools
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from routing.attempt_record import AttemptRecord
from routing.catalog import Catalog, Model, ProviderFacts
from routing.circuit import Circuit, RetryBudget
from routing.errors import CallCancelled, NoProviderLeft
from routing.messages import Completion, Prompt
from routing.overheard import overheard
from routing.pace import BACKOFF_S, NextModel, Pace
from routing.providers.connected import connect, limits_of
from routing.providers.contract import (
    Cancelled,
    Provider,
    ProviderFailure,
    Withdrawn,
    never,
)
from routing.tried import lost, won

TURN_S = 0.05  # how long a wait goes on before it looks whether the caller withdrew
TOTAL_S = 300.0


class Answered(NamedTuple):
    """The answer, who gave it, and every try that was made on the way (the winning one is the last)."""

    completion: Completion
    model: Model
    attempts: tuple[AttemptRecord, ...]


@dataclass
class Attempts:
    """Shared by all calls of a process: it holds what is known of the providers' health.

    `facts` are the catalogue's words on each provider; `look` brings the circuit up to date before a call. Clock, sleeper and randomness can be given by tests.
    """

    providers: Mapping[str, Provider]
    facts: Mapping[str, ProviderFacts]
    circuit: Circuit = field(default_factory=Circuit)
    budget: RetryBudget = field(default_factory=RetryBudget)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    rng: random.Random = field(default_factory=random.Random)
    backoff_s: float = BACKOFF_S
    look: Callable[[], None] = lambda: None

    @classmethod
    def connected(cls, catalog: Catalog, variables: Mapping[str, str], **known: Any) -> "Attempts":
        """With every provider of the catalogue that the variables make reachable; `known` are fields of it."""
        return cls(connect(catalog, variables), {facts.name: facts for facts in catalog.providers}, **known)

    def collect(
        self,
        candidates: Sequence[Model],
        prompt: Prompt,
        *,
        total_s: float = TOTAL_S,
        cancelled: Cancelled = never,
    ) -> Answered:
        """Ask the candidates in their order until one answers, within `total_s` seconds for all of it.

        Raises NoProviderLeft when none did, CallCancelled when the caller withdrew; both carry the attempts.
        """
        self.look()
        return _Walk(self, prompt, self.clock() + total_s, cancelled).over(candidates)


class _Walk:
    """One call's way along the candidates."""

    def __init__(self, shared: Attempts, prompt: Prompt, deadline: float, cancelled: Cancelled) -> None:
        self._shared, self._prompt, self._deadline, self._cancelled = shared, prompt, deadline, cancelled
        self._pace = Pace(shared.circuit, shared.budget, shared.clock, shared.rng, shared.backoff_s)
        self._records: list[AttemptRecord] = []

    def over(self, candidates: Sequence[Model]) -> Answered:
        reasons: list[str] = []
        waits: list[float] = []
        for model in candidates:
            try:
                return Answered(self._ask(model), model, tuple(self._records))
            except NextModel as left:
                reasons.append(f"{model.id}: {left}")
                if left.wait_s is not None:
                    waits.append(left.wait_s)
        raise NoProviderLeft(reasons, attempts=tuple(self._records), retry_after_s=min(waits, default=5.0))

    def _ask(self, model: Model) -> Completion:
        where = (model.provider, model.id)
        provider = self._shared.providers.get(model.provider)
        if provider is None:
            raise NextModel(f"{model.provider} is not set up")
        for number in itertools.count(1):
            self._wait(self._pace.rest_s(where, left_s=self._left_s()))
            self._pace.admit(where, number)
            try:
                return self._try(provider, model)
            except Withdrawn as withdrawn:
                raise CallCancelled(attempts=tuple(self._records)) from withdrawn
            except ProviderFailure as failure:
                self._wait(self._pace.again_s(where, failure, number, left_s=self._left_s()))
        raise AssertionError("the last try ends in an answer or in the next model")

    def _left_s(self) -> float:
        """Return what is left of the time. Raises CallCancelled on withdrawal."""
        if self._cancelled():
            raise CallCancelled(attempts=tuple(self._records))
        return self._deadline - self._shared.clock()

    def _wait(self, seconds: float) -> None:
        """Sleep at least so long, in short turns; raise CallCancelled on withdrawal."""
        until = self._shared.clock() + seconds
        while (rest := until - self._shared.clock()) > 0:
            self._shared.sleep(min(TURN_S, rest))
            if self._cancelled():
                raise CallCancelled(attempts=tuple(self._records))

    def _try(self, provider: Provider, model: Model) -> Completion:
        """Send it once, record it, and tell the circuit how it ended."""
        where = (model.provider, model.id)
        started_at, started = self._shared.now(), self._shared.clock()
        limits = limits_of(self._shared.facts[model.provider], total_s=self._deadline - started)
        overheard("", model=model.id)
        try:
            completion = provider.complete(model, self._prompt, limits=limits, cancelled=self._cancelled)
        except ProviderFailure as failure:
            self._pace.ended(where, failure)
            elapsed_ms = round((self._shared.clock() - started) * 1000)
            self._records.append(lost(model, failure, latency_ms=elapsed_ms, started_at=started_at))
            raise
        except BaseException:
            self._pace.withdrawn(where)
            raise
        self._pace.ended(where, None, pause_s=completion.pause_s)
        self._records.append(
            won(
                model,
                completion.usage,
                latency_ms=completion.latency_ms,
                first_token_ms=completion.first_token_ms,
                started_at=started_at,
            )
        )
        return completion
