"""Who is asking: the outcome of every kind of authentication."""

from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller bound to exactly one tenant. A user, a key, or a key made by a user."""

    tenant_id: UUID
    scopes: frozenset[str]
    user_id: UUID | None = None
    key_id: UUID | None = None

    is_authenticated = True  # DRF asks

    def may(self, scope: str) -> bool:
        """Tell whether the caller holds the scope."""
        return scope in self.scopes

    @property
    def name(self) -> str:
        """How audit and rows name the caller."""
        return f"key:{self.key_id}" if self.key_id else f"user:{self.user_id}"


def principal_of(request: Any) -> Principal:
    """Return who asks: a view that HasScope has let in always knows."""
    return cast(Principal, request.user)
