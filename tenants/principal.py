"""Who is asking: the outcome of every kind of authentication."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

KEY = "key:"


@dataclass(frozen=True, slots=True)
class KeyRate:
    """A key of a caller's lineage, and how often it may be used by itself and all that descend from it."""

    key_id: UUID
    rate_per_minute: int | None


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller bound to exactly one tenant: a user in a session, or a key.

    What bounds a key is what bounds all it descends from; `lineage` names them, itself first. None: no bound.
    """

    tenant_id: UUID
    scopes: frozenset[str]
    user_id: UUID | None = None
    key_id: UUID | None = None
    session_id: UUID | None = None
    rate_per_minute: int | None = None
    budget_micros: int | None = None
    expires_at: datetime | None = None
    lineage: tuple[KeyRate, ...] = ()

    is_authenticated = True  # DRF asks

    def may(self, scope: str) -> bool:
        """Tell whether the caller holds the scope."""
        return scope in self.scopes

    @property
    def name(self) -> str:
        """How audit and rows name the caller."""
        return f"{KEY}{self.key_id}" if self.key_id else f"user:{self.user_id}"


def key_named(name: str) -> UUID | None:
    """Return the key that a caller's name tells of; None for a person."""
    return UUID(name.removeprefix(KEY)) if name.startswith(KEY) else None


def principal_of(request: Any) -> Principal:
    """Return who asks: a view that HasScope has let in always knows."""
    return cast(Principal, request.user)
