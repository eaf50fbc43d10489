"""Who tests a proposal now: one worker, until it is done, gives no sign of life, or is overtaken.

Writes, with `proposals`, the rows of Proposal. A fence rises with each worker that begins; what an earlier one still
brings is not taken.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import F

from agents.models import Proposal
from agents.proposals import RING_S, State, later, locked, move, note, proposal, proposals
from miosa.http.problem import Conflict


@transaction.atomic
def take(row_id: UUID) -> Proposal:
    """Begin a look at a proposal's replays, or take it over: whoever had it before writes nothing more.

    Raises NotFound, and Conflict where it is not to be tested.
    """
    row = locked(row_id)
    mine = {"fence": row.fence + 1, "attempt": row.attempt + 1}
    if row.state == State.DRAFT:
        return move(row.pk, State.TESTING, "its replay begins", **mine, due=later(seconds=RING_S))
    if row.state != State.TESTING:
        raise Conflict(f"The proposal {row} is {row.state}; only a draft is tested.")
    note(row.pk, due=later(seconds=RING_S), **mine)
    return proposal(row.pk)


def held(taken: Proposal) -> Proposal | None:
    """Return the proposal as it is now, locked, where it is still its taker's; None where somebody else has it."""
    row = locked(taken.pk)
    return row if row.state == State.TESTING and row.fence == taken.fence else None


def alive(taken: Proposal) -> bool:
    """Put off that anybody else is called to it; tell whether it is still its taker's."""
    mine = proposals().filter(pk=taken.pk, state=State.TESTING, fence=taken.fence)
    return bool(mine.update(due=later(seconds=RING_S)))


def pay(row_id: UUID, cost_micros: int) -> None:
    """Add to what its test has cost."""
    proposals().filter(pk=row_id).update(spent_micros=F("spent_micros") + cost_micros)
