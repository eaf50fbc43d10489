"""How far authority reaches that is handed on: never beyond what whoever handed it on has now; pure.

A key is made by a person (its role bounds it for as long as it lives), by another key (its parent bounds it), or by
the platform (nothing but its own columns bounds it). So what a key may do is what every link of its lineage may do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from tenants.scopes import SCOPES_OF_ROLE

MOST_LINKS = 5  # keys made by keys made by keys: beyond this nobody oversees them

Bound = TypeVar("Bound", int, datetime)


@dataclass(frozen=True, slots=True)
class Link:
    """One key of a lineage, and the person it hangs on. `role` is None for who is no member, or inactive."""

    key_id: UUID
    parent_id: UUID | None
    scopes: frozenset[str]
    rate_per_minute: int | None
    budget_micros: int | None
    expires_at: datetime | None
    revoked_at: datetime | None
    created_by_id: UUID | None
    role: str | None

    def lives(self, now: datetime) -> bool:
        """Tell whether this link by itself still holds."""
        over = self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= now)
        return not over and (self.created_by_id is None or self.role is not None)

    @property
    def allowed(self) -> frozenset[str]:
        """Its own scopes, as far as the person it hangs on has them now."""
        if self.created_by_id is None:
            return self.scopes
        return self.scopes & SCOPES_OF_ROLE.get(self.role or "", frozenset())


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds a credential. None: no bound of its own."""

    scopes: frozenset[str]
    expires_at: datetime | None = None
    rate_per_minute: int | None = None
    budget_micros: int | None = None

    def beyond(self, other: "Limits") -> str:
        """Say where this reaches beyond `other`, as in `rate_per_minute: at most 60`; empty where it does not."""
        if excess := self.scopes - other.scopes:
            return f"scopes: without {', '.join(sorted(excess))}"
        if exceeds(self.expires_at, other.expires_at):
            return f"expires_at: {other.expires_at:%Y-%m-%dT%H:%M:%SZ} at the latest"
        if exceeds(self.rate_per_minute, other.rate_per_minute):
            return f"rate_per_minute: at most {other.rate_per_minute}"
        if exceeds(self.budget_micros, other.budget_micros):
            return f"budget_micros: at most {other.budget_micros}"
        return ""


def exceeds(wanted: Bound | None, most: Bound | None) -> bool:
    """Tell whether a bound is wider than another; None is the widest."""
    return most is not None and (wanted is None or wanted > most)


def least(bounds: Iterable[Bound | None]) -> Bound | None:
    """Return the narrowest of some bounds."""
    return min((bound for bound in bounds if bound is not None), default=None)


def effective(lineage: Sequence[Link], *, now: datetime) -> Limits | None:
    """Return what the first key of a lineage may do now; None where any link of it is dead or missing.

    `lineage`: the key, its parent, its parent's parent, ... up to one that no key made.
    """
    whole = bool(lineage) and lineage[-1].parent_id is None and len(lineage) <= MOST_LINKS
    if not whole or not all(link.lives(now) for link in lineage):
        return None
    return Limits(
        scopes=frozenset.intersection(*(link.allowed for link in lineage)),
        expires_at=least(link.expires_at for link in lineage),
        rate_per_minute=least(link.rate_per_minute for link in lineage),
        budget_micros=least(link.budget_micros for link in lineage),
    )
