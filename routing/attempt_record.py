"""What one try at one provider was: the raw material of a ledger row."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One request that was sent, whether it succeeded or not. Times in milliseconds, tokens as billed or estimated.

    `status` is the HTTP status where one arrived; `error` is '' for the attempt that won.
    """

    model: str
    provider: str
    ok: bool
    status: int | None
    error: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    estimated: bool
    latency_ms: int
    first_token_ms: int | None
    started_at: datetime
