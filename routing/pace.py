"""When a model is asked again, how long that waits, and when it is left for the next: decided here, waited elsewhere.

One set of rules for who blocks a thread (agents) and for who does not (the front door).
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from routing.circuit import Circuit, Ending, RetryBudget, Where
from routing.providers.contract import TOO_MANY_REQUESTS, ProviderFailure

LONGEST_WAIT_S = 30.0  # a provider that asks for more is left for the next model
JITTER = 0.10  # on top of what the provider asks for, never below it
BACKOFF_S = 0.5  # doubled at each try; the wait is drawn between nothing and this
BACKOFF_CAP_S = 8.0


class NextModel(Exception):  # noqa: N818  (not an error: a turn of the walk)
    """Leave this model; `wait_s` says when it could be asked again, where that is known."""

    def __init__(self, reason: str, *, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


@dataclass
class Pace:
    """What is known of the providers' health, shared by all calls of a process. `clock` is in seconds."""

    circuit: Circuit = field(default_factory=Circuit)
    budget: RetryBudget = field(default_factory=RetryBudget)
    clock: Callable[[], float] = time.monotonic
    rng: random.Random = field(default_factory=random.Random)
    backoff_s: float = BACKOFF_S

    def rest_s(self, where: Where, *, left_s: float) -> float:
        """Return how long to wait before a try, because the rate is used up. Raises NextModel: too long."""
        paused = self.circuit.paused_s(where)
        return self._allowed(paused, "its rate is used up", left_s=left_s, jitter=True)

    def admit(self, where: Where, number: int) -> None:
        """Let a try through. Raises NextModel while the breaker is open."""
        if not self.circuit.admits(where):
            closed_in = self.circuit.closed_in_s(where)
            raise NextModel(f"it failed too often, left alone for {closed_in:.0f} s", wait_s=closed_in)
        if number == 1:
            self.budget.earn(where[0])

    def ended(self, where: Where, failure: ProviderFailure | None, *, pause_s: float | None = None) -> None:
        """Report how an admitted try ended; a rate that is used up is no failure."""
        ending: Ending = "good"
        if failure is not None:
            ending = "bad" if failure.trips_breaker else "neither"
            if failure.status == TOO_MANY_REQUESTS:
                pause_s = failure.retry_after_s
        if pause_s is not None:
            self.circuit.pause(where, pause_s)
        self.circuit.ended(where, ending)

    def withdrawn(self, where: Where) -> None:
        """Report that the caller ended an admitted try: it says nothing of the provider."""
        self.circuit.ended(where, "neither")

    def again_s(self, where: Where, failure: ProviderFailure, number: int, *, left_s: float) -> float:
        """Return how long to wait before the next try at the same model. Raises NextModel: there is none."""
        if not failure.retryable or number >= failure.most_tries:
            raise NextModel(str(failure), wait_s=failure.retry_after_s) from failure
        if not self.budget.spend(where[0]):
            raise NextModel(f"{failure}; no retry left in the budget") from failure
        asked = failure.retry_after_s
        wait_s = asked if asked is not None else self._backoff(number)
        return self._allowed(wait_s, str(failure), left_s=left_s, jitter=asked is not None)

    def _backoff(self, number: int) -> float:
        return self.rng.uniform(0, min(BACKOFF_CAP_S, self.backoff_s * 2**number))

    def _allowed(self, seconds: float, reason: str, *, left_s: float, jitter: bool) -> float:
        if left_s <= 0:
            raise NextModel("no time is left")
        if seconds > min(LONGEST_WAIT_S, left_s):
            raise NextModel(f"{reason}; a wait of {seconds:.1f} s is too long", wait_s=seconds)
        return seconds * (1 + self.rng.uniform(0, JITTER)) if jitter and seconds else seconds
