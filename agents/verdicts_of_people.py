"""What a person may say to a proposal: approve, edit, refuse, or have it tested now."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction

from agents import adoption, proposals, rollouts, tasks
from agents.changes import UnfitChange, read
from agents.models import Proposal
from agents.proposals import State
from miosa.http.problem import Conflict, Unprocessable


class Decision(StrEnum):
    """Approve rolls out (from a rollout: adopts; adopted: ends the watch), refuse takes back, edit writes another version."""

    APPROVE = "approve"
    EDIT = "edit"
    REFUSE = "refuse"
    TEST = "test"


@transaction.atomic
def decide(
    proposal_id: UUID, decision: str, *, change: Mapping[str, Any] | None = None, reason: str = ""
) -> Proposal:
    """Do what a person decided; the audit log has who. Returns the proposal, after an edit the new one.

    Raises NotFound, Conflict where its state does not allow it, Unprocessable for a change that cannot be made.
    """
    row = proposals.locked(proposal_id)
    match Decision(decision):
        case Decision.APPROVE:
            return _approve(row, reason)
        case Decision.REFUSE:
            return _refuse(row, reason)
        case Decision.EDIT:
            return _edit(row, change, reason)
        case Decision.TEST:
            return _test(row)


def _approve(row: Proposal, reason: str) -> Proposal:
    if row.state == State.ROLLING:
        return adoption.adopt(row, _said("a person adopts it", reason))
    if row.is_watched:
        return adoption.keep(row, _said("a person ends its watch", reason))
    if row.state == State.ACCEPTED:
        return rollouts.begin(row.pk)
    if row.state not in {State.DRAFT, State.REJECTED}:
        raise Conflict(f"The proposal {row} is {row.state}; there is nothing to approve.")
    return rollouts.begin(row.pk, why=_said("a person rolls it out though it has not proved better", reason))


def _refuse(row: Proposal, reason: str) -> Proposal:
    in_force = row.state in {State.ROLLING, State.ADOPTED}
    state = State.REVERTED if in_force else State.REFUSED
    return proposals.move(row.pk, state, _said("taken back" if in_force else "refused", reason), share=0.0)


def _edit(row: Proposal, change: Mapping[str, Any] | None, reason: str) -> Proposal:
    try:
        return proposals.edit(row.pk, read(change or {}), reason=reason)
    except UnfitChange as fault:
        raise Unprocessable(f"This change cannot be made: {fault}.") from fault


def _test(row: Proposal) -> Proposal:
    proposals.call_for_test(row.pk)
    transaction.on_commit(lambda: tasks.ring(tasks.improve, str(row.tenant_id), row.pk))
    return proposals.proposal(row.pk)


def _said(what: str, reason: str) -> str:
    return f"{what}: {reason}" if reason else what
