"""What is written down, as it comes from whoever knows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Tokens:
    """How a call's tokens divide: read anew, read from a cache, written."""

    input: int
    cached: int
    output: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.input + self.cached + self.output


@dataclass(frozen=True, slots=True)
class Fact:
    """One use. `quantity` is in the meter's unit, `cost_micros` in micro-dollars; `source` and `source_id` name its cause.

    `occurred_at` None means now.
    """

    meter: str
    quantity: int
    cost_micros: int
    source: str
    source_id: str
    tokens: Tokens | None = None
    execution_id: UUID | None = None
    model: str = ""
    agent: str = ""
    description: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    occurred_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.quantity < 0 or self.cost_micros < 0:
            raise ValueError("A use is never negative: take an entry back with `ledger.reverse`.")
        if self.tokens and self.tokens.total != self.quantity:
            raise ValueError("The tokens of a call do not add up to its quantity.")
