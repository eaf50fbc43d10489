"""Walks the ranked models until one answers whole: retries, waits, breakers and fallback, each try recorded.

For work that collects the answer: nothing of a failed try is ever used, so anything may be tried again. (A reader
who has seen the first words needs other rules.) Completions are not idempotent: every try that was sent has a
record, so that each can be paid for.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from routing.attempt_record import AttemptRecord
from routing.catalog import Catalog, Model, ProviderFacts
from routing.circuit import Circuit, Ending, RetryBudget
from routing.errors import CallCancelled, NoProviderLeft
from routing.messages import Completion, Prompt, Usage
from routing.providers.connected import connect, limits_of
from routing.providers.contract import (
    TOO_MANY_REQUESTS,
    Cancelled,
    Provider,
    ProviderFailure,
    Withdrawn,
    never,
)

MAX_TRIES = 4  # at one model
LONGEST_WAIT_S = 30.0  # a provider that asks for more is left for the next model
JITTER = 0.10  # on top of what the provider asks for, never below it
BACKOFF_S = 0.5  # doubled at each try; the wait is drawn between nothing and this
BACKOFF_CAP_S = 8.0
TURN_S = 0.05  # how long a wait goes on before it looks whether the caller withdrew
TOTAL_S = 300.0
NOTHING_USED = Usage(0, 0)


class Answered(NamedTuple):
    """The answer, who gave it, and every try that was made on the way (the winning one is the last)."""

    completion: Completion
    model: Model
    attempts: tuple[AttemptRecord, ...]


@dataclass
class Attempts:
    """Shared by all calls of a process: it holds what is known of the providers' health.

    `facts` are the catalogue's words on each provider. Clock, sleeper and randomness can be given by tests.
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

    @classmethod
    def connected(cls, catalog: Catalog, variables: Mapping[str, str]) -> "Attempts":
        """With every provider of the catalogue that the variables make reachable."""
        return cls(connect(catalog, variables), {facts.name: facts for facts in catalog.providers})

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
        return _Walk(self, prompt, self.clock() + total_s, cancelled).over(candidates)


class _NextModel(Exception):  # noqa: N818  (not an error: a turn of the walk)
    """Leave this model; `wait_s` says when it could be asked again, where that is known."""

    def __init__(self, reason: str, *, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class _Walk:
    """One call's way along the candidates."""

    def __init__(self, shared: Attempts, prompt: Prompt, deadline: float, cancelled: Cancelled) -> None:
        self._shared, self._prompt, self._deadline, self._cancelled = shared, prompt, deadline, cancelled
        self._records: list[AttemptRecord] = []

    def over(self, candidates: Sequence[Model]) -> Answered:
        reasons: list[str] = []
        waits: list[float] = []
        for model in candidates:
            try:
                return Answered(self._ask(model), model, tuple(self._records))
            except _NextModel as left:
                reasons.append(f"{model.id}: {left}")
                if left.wait_s is not None:
                    waits.append(left.wait_s)
        raise NoProviderLeft(reasons, attempts=tuple(self._records), retry_after_s=min(waits, default=5.0))

    def _ask(self, model: Model) -> Completion:
        where = (model.provider, model.id)
        provider = self._shared.providers.get(model.provider)
        if provider is None:
            raise _NextModel(f"{model.provider} is not set up")
        for number in range(1, MAX_TRIES + 1):
            self._wait(self._shared.circuit.paused_s(where), "its rate is used up")
            if not self._shared.circuit.admits(where):
                closed_in = self._shared.circuit.closed_in_s(where)
                raise _NextModel(f"it failed too often, left alone for {closed_in:.0f} s", wait_s=closed_in)
            if number == 1:
                self._shared.budget.earn(model.provider)
            try:
                return self._try(provider, model)
            except ProviderFailure as failure:
                self._before_another(failure, model, number)
        raise AssertionError("the last try ends in an answer or in the next model")

    def _before_another(self, failure: ProviderFailure, model: Model, number: int) -> None:
        """Wait as long as the next try must; raise _NextModel where there may be none."""
        last_resort = number >= MAX_TRIES
        if isinstance(failure, Withdrawn):
            raise CallCancelled(attempts=tuple(self._records)) from failure
        if not failure.retryable or last_resort:
            raise _NextModel(str(failure), wait_s=failure.retry_after_s) from failure
        if not self._shared.budget.spend(model.provider):
            raise _NextModel(f"{failure}; no retry left in the budget") from failure
        asked = failure.retry_after_s
        self._wait(
            asked if asked is not None else self._backoff(number), str(failure), jitter=asked is not None
        )

    def _backoff(self, number: int) -> float:
        return self._shared.rng.uniform(0, min(BACKOFF_CAP_S, self._shared.backoff_s * 2**number))

    def _wait(self, seconds: float, reason: str, *, jitter: bool = True) -> None:
        """Sleep at least so long, in short turns; raise _NextModel if it is too long, CallCancelled on withdrawal."""
        if self._cancelled():
            raise CallCancelled(attempts=tuple(self._records))
        left = self._deadline - self._shared.clock()
        if left <= 0:
            raise _NextModel("no time is left")
        if seconds > min(LONGEST_WAIT_S, left):
            raise _NextModel(f"{reason}; a wait of {seconds:.1f} s is too long", wait_s=seconds)
        if jitter:
            seconds *= 1 + self._shared.rng.uniform(0, JITTER)
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
        ending: Ending = "neither"
        try:
            completion = provider.complete(model, self._prompt, limits=limits, cancelled=self._cancelled)
            ending = "good"
        except ProviderFailure as failure:
            ending = "bad" if failure.trips_breaker else "neither"
            if failure.status == TOO_MANY_REQUESTS and failure.retry_after_s is not None:
                self._shared.circuit.pause(where, failure.retry_after_s)
            elapsed_ms = round((self._shared.clock() - started) * 1000)
            self._records.append(_failed(model, failure, elapsed_ms, started_at))
            raise
        finally:
            self._shared.circuit.ended(where, ending)
        if completion.pause_s is not None:
            self._shared.circuit.pause(where, completion.pause_s)
        self._records.append(_won(model, completion, started_at))
        return completion


def _failed(model: Model, failure: ProviderFailure, elapsed_ms: int, started_at: datetime) -> AttemptRecord:
    usage = failure.usage or NOTHING_USED
    return AttemptRecord(
        model=model.id,
        provider=model.provider,
        ok=False,
        status=failure.status,
        error=str(failure),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        estimated=usage.estimated,
        latency_ms=elapsed_ms,
        first_token_ms=None,
        started_at=started_at,
    )


def _won(model: Model, completion: Completion, started_at: datetime) -> AttemptRecord:
    usage = completion.usage
    return AttemptRecord(
        model=model.id,
        provider=model.provider,
        ok=True,
        status=200,
        error="",
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        estimated=usage.estimated,
        latency_ms=completion.latency_ms,
        first_token_ms=completion.first_token_ms,
        started_at=started_at,
    )
