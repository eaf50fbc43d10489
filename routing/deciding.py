"""Decides for the current tenant: on its board, with similar tasks sharing a selection."""

from collections.abc import Sequence

from uuid_utils.compat import uuid7

from routing import board
from routing.choice import Choice
from routing.decided import Decided
from routing.requirement import Requirement
from routing.router import decide, explore
from routing.selections import Shared


def preview(requirement: Requirement) -> Choice:
    """The best by the rules; nothing is drawn and nothing shared. Raises NoCandidate."""
    return decide(board.current(), requirement)


def decided(requirement: Requirement, *, vector: Sequence[float] | None = None) -> Decided:
    """The choice for a call: a similar task's selection, or the next prepared draw. Raises NoCandidate.

    `vector` is the task's embedding, of length 1, where it is at hand anyway.
    """
    here, decision_id = board.current(), uuid7()
    shared = here.similar.near(requirement.key, vector) if vector else None
    choice = shared.choice if shared else explore(here, requirement)
    if vector and not shared:
        here.similar.keep(requirement.key, vector, Shared(choice, decision_id))
    return Decided(
        decision_id=decision_id,
        requirement=requirement,
        choice=choice,
        known=here.known,
        shared_from=shared.decision_id if shared else None,
    )
