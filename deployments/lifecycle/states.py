"""The states of a deployment and the only ways between them; nothing here knows a database."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """What a row says; the order is the order of a life."""

    QUEUED = "queued"
    BUILDING = "building"
    RELEASING = "releasing"
    LIVE = "live"
    FAILED = "failed"
    CANCELED = "canceled"
    SUPERSEDED = "superseded"


NEXT: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.QUEUED: frozenset({State.BUILDING, State.FAILED, State.CANCELED, State.SUPERSEDED}),
        State.BUILDING: frozenset({State.RELEASING, State.FAILED, State.CANCELED, State.SUPERSEDED}),
        State.RELEASING: frozenset({State.LIVE, State.FAILED, State.CANCELED, State.SUPERSEDED}),
        State.LIVE: frozenset({State.SUPERSEDED}),
        State.FAILED: frozenset(),
        State.CANCELED: frozenset(),
        State.SUPERSEDED: frozenset(),
    }
)
OPEN = frozenset({State.QUEUED, State.BUILDING, State.RELEASING})
BUSY = frozenset({State.BUILDING, State.RELEASING})
ENDED = frozenset(state for state, following in NEXT.items() if not following)


def may_follow(state: str, following: str) -> bool:
    """Tell whether a deployment in `state` may come to `following`."""
    return State(following) in NEXT[State(state)]


def sources_of(following: str) -> tuple[str, ...]:
    """Return the states from which `following` may come; what a conditional UPDATE asks for."""
    return tuple(state.value for state in State if State(following) in NEXT[state])
