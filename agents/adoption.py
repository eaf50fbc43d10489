"""An adopted change is watched on: a few executions ask as before, and where it does worse than those it is taken back by itself.

Who is held out is drawn by the lot of the rollout, so both arms go on side by side: tasks that get harder, or a provider
that changes a model, change both. The watch ends by itself, and a person may end it, or take the change back, at any time.
"""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agents import proposals
from agents.arms import compared, shown, told
from agents.models import Proposal
from agents.models.proposal import WATCHED as IS_WATCHED
from agents.profiles_in_force import in_force
from agents.proposals import State
from agents.sequences import Comparison
from agents.stretches import HELD_OUT, WATCHED, Stretch, stretches

LOOK_S = 900.0
Found = list[tuple[Stretch, Comparison]]


def tried_live(agent: str) -> Proposal | None:
    """Return the one change of an agent that is compared at live work now: rolled out, or adopted and watched."""
    return proposals.proposals().filter(Q(state=State.ROLLING) | IS_WATCHED, agent=agent).first()


def adopt(row: Proposal, why: str, **values: Any) -> Proposal:
    """Let all new executions ask with a change but those held out, with the figures it rests on. Raises Conflict."""
    due = proposals.later(seconds=LOOK_S)
    return proposals.move(row.pk, State.ADOPTED, why, share=1 - HELD_OUT, due=due, **values)


def keep(row: Proposal, why: str, **values: Any) -> Proposal:
    """End the watch of an adopted change: from now on nobody is held out. Raises Conflict."""
    return proposals.move(row.pk, State.ADOPTED, f"kept: {why}", share=1.0, ended=row.ended, **values)


def look(row: Proposal) -> Proposal:
    """Compare both arms of a watched change as they stand, and take it back, keep it, or go on watching."""
    if row.ended is None or not row.is_watched:
        return row
    found = [
        (one, compared(row, since=one.since, alpha=one.alpha)) for one in stretches(row.ended, timezone.now())
    ]
    return _ended(row, found)


@transaction.atomic
def _ended(seen: Proposal, found: Found) -> Proposal:
    row = proposals.locked(seen.pk)
    if row.ended is None or not row.is_watched:
        return row  # somebody has decided meanwhile
    figures = {"watch": [_shown(stretch, one) for stretch, one in found]}
    worse = [(stretch, one) for stretch, one in found if one.worse]
    if worse:
        stretch, one = worse[0]
        why = f"it does worse since {stretch.since:%d %b %H:%M}, after it was adopted: {told(one)}"
        return proposals.move(row.pk, State.REVERTED, why, share=0.0, **figures)
    if in_force(row.agent).proposal_id != row.pk:
        return keep(row, "it rests, since another prompt is in force, and nobody asks with it", **figures)
    if timezone.now() >= row.ended + WATCHED:
        why = f"no harm was shown in {WATCHED.days} days: {told(found[0][1])}"
        return keep(row, why, **figures)
    proposals.note(row.pk, due=proposals.later(seconds=LOOK_S), **figures)
    return proposals.proposal(row.pk)


def _shown(stretch: Stretch, found: Comparison) -> dict[str, Any]:
    return {
        "since": stretch.since.isoformat(),
        "days": stretch.lasts.days,
        **shown(found, alpha=stretch.alpha),
    }
