"""What a provider of language models is to us, and how it fails.

ProviderFailure                 what every provider raises; says whether another try makes sense
├── Refused                     an HTTP status of 400 or more; retryable for those in RETRYABLE
├── Unreachable                 no connection, or it broke while nothing was decided yet; retryable
├── TooSlow                     a limit ran out: first token, idle or total; retryable, but not after the total
├── BrokenAnswer                malformed, cut off, or an error object inside a 200; mostly retryable
└── Withdrawn                   the caller's own `cancelled` said so; never retried
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from routing.catalog import Model
from routing.messages import Chunk, Completion, Prompt, Usage

# 498: Groq has no flex capacity just now; 529: overloaded. A 4xx that is not here stays what it is.
RETRYABLE = frozenset({408, 409, 429, 498, 500, 502, 503, 504, 529})
TOO_MANY_REQUESTS = 429
SERVER_ERRORS = 500

Cancelled = Callable[[], bool]
Phase = Literal["first token", "idle", "total"]


def never() -> bool:
    """The `cancelled` of a caller who never withdraws."""
    return False


@dataclass(frozen=True, slots=True)
class Limits:
    """Patience in seconds: to connect, until the first token, between two pieces, and for the whole call."""

    connect_s: float = 3.0
    first_token_s: float = 30.0
    idle_s: float = 20.0
    total_s: float = 120.0


class ProviderFailure(Exception):  # noqa: N818  (its kinds read as what happened)
    """The provider gave no whole answer; `retryable` says whether another try may.

    `status`: the HTTP status, where one came. `retry_after_s`: the provider asks to wait so long. `usage`: what
    the provider may bill for the part it did. `trips_breaker`: it counts against the provider's health.
    `most_tries`: how often the same request is worth sending to the same model.
    """

    most_tries = 4

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retryable: bool = True,
        retry_after_s: float | None = None,
        trips_breaker: bool = True,
        usage: Usage | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.trips_breaker = trips_breaker
        self.usage = usage


class Refused(ProviderFailure):
    """The provider answered with an error status."""

    def __init__(self, message: str, *, status: int, retry_after_s: float | None = None) -> None:
        super().__init__(
            message,
            status=status,
            retryable=status in RETRYABLE,
            retry_after_s=retry_after_s,
            trips_breaker=status >= SERVER_ERRORS,
        )


class Unreachable(ProviderFailure):
    """The provider could not be reached, or the connection broke."""


class TooSlow(ProviderFailure):
    """The provider kept us waiting beyond a limit; `phase` says which."""

    def __init__(self, phase: Phase, seconds: float) -> None:
        # When the whole time is used up there is none left for another try.
        left = phase != "total"
        super().__init__(f"no answer within {seconds:g} s ({phase})", retryable=left, trips_breaker=left)
        self.phase = phase


class BrokenAnswer(ProviderFailure):
    """The answer was malformed or cut off; nothing of it may be used."""


class Withdrawn(ProviderFailure):
    """The caller withdrew; the connection is closed, so the provider stops too."""

    def __init__(self, *, usage: Usage | None = None) -> None:
        super().__init__("cancelled by the caller", retryable=False, trips_breaker=False, usage=usage)


class Translator(Protocol):
    """Turns the events of one stream into chunks of the chat wire."""

    def chunks(self, event: Any) -> list[dict[str, Any]]:
        """What one event adds. Raises BrokenAnswer."""
        ...


class Provider(Protocol):
    """One service that answers prompts. Implementations may be called from many threads at once."""

    @property
    def name(self) -> str:
        """The name it has in the catalogue."""
        ...

    def complete(
        self, model: Model, prompt: Prompt, *, limits: Limits = ..., cancelled: Cancelled = ...
    ) -> Completion:
        """A whole answer, always with a finish reason. Raises ProviderFailure, and nothing of a partial answer."""
        ...

    def stream(
        self, model: Model, prompt: Prompt, *, limits: Limits = ..., cancelled: Cancelled = ...
    ) -> Generator[Chunk, None, None]:
        """The answer in pieces; the last has finish reason and usage. Raises ProviderFailure, also midway.

        Closing the generator closes the connection, which stops the provider.
        """
        ...

    def models(self) -> tuple[str, ...]:
        """The ids the provider says it serves now. Raises ProviderFailure."""
        ...

    def windows(self) -> dict[str, int | None]:
        """The same ids with their context window in tokens, None where it does not tell. Raises ProviderFailure."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...
