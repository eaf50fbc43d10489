"""A stage for the walk of attempts: two scripted providers and a clock that only sleeping moves."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from routing.attempts import Answered, Attempts
from routing.catalog import Model
from routing.circuit import Circuit
from routing.messages import Completion, Message, Prompt, Usage
from routing.providers.contract import Limits, Refused
from routing.tests.boards import model, provider

PROMPT = Prompt((Message("user", "hello"),))
A, B = model("a", provider="groq"), model("b", provider="kimi")
GOOD = Completion("fine", "stop", Usage(10, 3), latency_ms=40, first_token_ms=15)
START = datetime(2026, 1, 1, tzinfo=UTC)


class Hand:
    """A clock that only sleeping moves; it notes each wait."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.slept.append(seconds)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.time)


class Scripted:
    """A provider that plays its lines: a completion is returned, a failure raised; the last line repeats."""

    def __init__(
        self, name: str, lines: Sequence[Completion | Exception], hand: Hand, takes_s: float = 0.0
    ) -> None:
        self.name, self._lines, self._hand, self._takes_s = name, list(lines), hand, takes_s
        self.asked_at: list[float] = []
        self.limits: list[Limits] = []

    def complete(
        self, model: Model, prompt: Prompt, *, limits: Limits, cancelled: Callable[[], bool]
    ) -> Completion:
        self.asked_at.append(self._hand.time)
        self.limits.append(limits)
        self._hand.time += self._takes_s
        line = self._lines.pop(0) if len(self._lines) > 1 else self._lines[0]
        if isinstance(line, Exception):
            raise line
        return line


class Scene:
    """Two providers, `a` at Groq and `b` at Kimi, and the attempts that walk them."""

    def __init__(
        self,
        first: Sequence[Completion | Exception],
        second: Sequence[Completion | Exception] = (GOOD,),
        takes_s: float = 0.0,
    ) -> None:
        self.hand = Hand()
        self.a, self.b = Scripted("groq", first, self.hand, takes_s), Scripted("kimi", second, self.hand)
        self.attempts = Attempts(
            {"groq": self.a, "kimi": self.b},  # type: ignore[dict-item]
            {name: provider(name) for name in ("groq", "kimi")},
            circuit=Circuit(clock=self.hand.clock),
            clock=self.hand.clock,
            sleep=self.hand.sleep,
            now=self.hand.now,
            rng=random.Random(1),
        )

    def collect(self, *models: Model, **options: Any) -> Answered:
        return self.attempts.collect(models or (A, B), PROMPT, **options)

    @property
    def gaps(self) -> list[float]:
        """Seconds between one try at `a` and the next."""
        return [later - earlier for earlier, later in zip(self.a.asked_at, self.a.asked_at[1:], strict=False)]


def refused(status: int, retry_after_s: float | None = None) -> Refused:
    return Refused(f"{status}: scripted", status=status, retry_after_s=retry_after_s)
