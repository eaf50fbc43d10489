"""An accepted proposal gets a share of new executions; both arms are compared, and it is adopted or taken back by itself."""

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from agents import adoption, arms, proposals
from agents.changes import UnfitChange, changed, read
from agents.models import Proposal
from agents.profiles_in_force import in_force
from agents.proposals import State
from agents.sequences import Comparison
from miosa.http.problem import Conflict

ALPHA = 0.05  # probability that a rollout is ever adopted, or ever taken back, without a cause; however often one looks
LOOK_S = 60.0
MOST = 1_000  # executions that ask with it; where these show no difference, it is taken back and makes room


@transaction.atomic
def begin(proposal_id: UUID, *, why: str = "") -> Proposal:
    """Give a proposal its share where no other of its agent is rolled out or watched; otherwise it waits, accepted.

    `why`: what a person said who rolls out what was not accepted; then nothing waits. Raises Conflict.
    """
    row = proposals.locked(proposal_id)
    if (other := adoption.tried_live(row.agent)) is not None:
        if row.state != State.ACCEPTED:
            doing = "watched since it was adopted" if other.is_watched else "rolled out"
            raise Conflict(f"Another proposal, {other}, is {doing}; end that first.")
        proposals.note(row.pk, due=proposals.later(seconds=LOOK_S))
        return proposals.proposal(row.pk)
    if row.base_version != in_force(row.agent).profile.prompt_version:
        return _proven_elsewhere(row)
    share = settings.ENVIRONMENT.improvement_percent / 100
    reason = why or f"{share:.0%} of new executions ask with it: {row.reason}"
    return proposals.move(
        row.pk, State.ROLLING, reason, share=share, rolled=timezone.now(), due=proposals.later(seconds=LOOK_S)
    )


def watch(proposal_id: UUID) -> Proposal:
    """Compare both arms as they stand, and adopt, take back, or go on; the same for what was adopted, while it is watched."""
    row = proposals.proposal(proposal_id)
    if row.state == State.ADOPTED:
        return adoption.look(row)
    if row.state == State.ACCEPTED:
        return begin(row.pk)
    if row.state != State.ROLLING:
        return row
    if row.rolled is None or row.base_version != in_force(row.agent).profile.prompt_version:
        return proposals.move(row.pk, State.REVERTED, "the prompt it changes is no longer in force")
    return _ended(row, arms.compared(row, since=row.rolled, alpha=ALPHA))


def _ended(row: Proposal, found: Comparison) -> Proposal:
    told, figures = arms.told(found), {"comparison": arms.shown(found, alpha=ALPHA)}
    if found.worse:
        return proposals.move(row.pk, State.REVERTED, f"it does worse: {told}", share=0.0, **figures)
    if found.better:
        return adoption.adopt(row, f"it does better: {told}", **figures)
    if found.new.count >= MOST or arms.is_full(found):
        why = f"no difference shown in {found.new.count:,} executions: {told}"
        return proposals.move(row.pk, State.REVERTED, why, share=0.0, **figures)
    proposals.note(row.pk, due=proposals.later(seconds=LOOK_S), **figures)
    return proposals.proposal(row.pk)


def _proven_elsewhere(row: Proposal) -> Proposal:
    """Send a proposal back whose base changed since it was tested: it has to prove itself on the new one."""
    try:
        changed(in_force(row.agent).profile, read(row.change))
    except UnfitChange as fault:
        state = State.REFUSED if row.state == State.ACCEPTED else State.REJECTED
        return proposals.move(row.pk, state, f"it no longer fits the prompt in force: {fault}")
    if row.state != State.ACCEPTED:
        raise Conflict(
            f"The prompt of {row.agent} has changed since {row} was written: have it tested first."
        )
    why = "another prompt is in force since it was tested: it is tested again"
    return proposals.move(row.pk, State.DRAFT, why, due=timezone.now())
