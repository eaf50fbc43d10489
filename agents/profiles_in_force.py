"""Which profile an agent asks with: its own, what was adopted since, and for a share of executions another one.

The share is that of what is rolled out; after its adoption, that of all who are not held out to compare it with.

Adopted changes form a chain: each was tested against one prompt version and is made on that version alone. Where the
product brings another prompt, what was tested against the old one is not proven on it and rests until it is tested anew.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from agents.changes import UnfitChange, changed, read
from agents.contract import Profile
from agents.models import Execution, Proposal
from agents.registry_kinds import AgentKind, profile_of

IN_FORCE = (Proposal.State.ADOPTED, Proposal.State.ROLLING)


@dataclass(frozen=True, slots=True)
class InForce:
    """What one agent asks with now.

    `trial`: what a `share` (0 to 1) of the executions since `rolled` asks with. `held`: what all beside the `share` go on
    to ask with, while an adopted change is watched.
    """

    profile: Profile
    trial: Profile | None = None
    share: float = 0.0
    proposal_id: UUID | None = None
    rolled: datetime | None = None
    held: Profile | None = None

    def of(self, execution: Execution) -> Profile:
        """Return the profile of every step of one execution: the same however often it is asked."""
        if self.held is not None:
            return self.profile if self._in_share(execution) else self.held
        if self.trial is None or self.rolled is None or execution.created < self.rolled:
            return self.profile  # one that had begun goes on as it did
        return self.trial if self._in_share(execution) else self.profile

    def _in_share(self, execution: Execution) -> bool:
        return in_share(execution.pk, self.proposal_id, share=self.share)


def in_force(kind: str) -> InForce:
    """Return what an agent of the current tenant asks with; one query. Raises KeyError for an unknown kind."""
    return _chained(kind, Proposal.objects.filter(agent=kind, state__in=IN_FORCE).order_by("ended", "number"))


def versions() -> dict[str, str]:
    """Return the prompt version in force of each agent of the current tenant for which one was adopted; one query."""
    rows: dict[str, list[Proposal]] = {}
    known = Proposal.objects.filter(state=Proposal.State.ADOPTED, agent__in=list(AgentKind))
    for row in known.order_by("ended", "number"):
        rows.setdefault(row.agent, []).append(row)
    return {kind: _chained(kind, adopted).profile.prompt_version for kind, adopted in rows.items()}


def _chained(kind: str, rows: Iterable[Proposal]) -> InForce:
    found = InForce(profile_of(kind))
    for row in rows:
        made = _made(found.profile, row)
        if made is None:
            continue
        if row.state == Proposal.State.ROLLING:
            found = InForce(found.profile, made, row.share, row.pk, row.rolled)
        else:
            held = found.profile if row.is_watched else None
            found = InForce(made, share=row.share, proposal_id=row.pk, held=held)
    return found


def in_share(execution_id: UUID, proposal_id: UUID | None, *, share: float) -> bool:
    """Tell whether an execution belongs to the share (0 to 1) of a proposal: by its id alone, alike in every process."""
    drawn = hashlib.sha256(f"{proposal_id}:{execution_id}".encode()).digest()[:8]
    return int.from_bytes(drawn) < share * 2**64


def _made(base: Profile, row: Proposal) -> Profile | None:
    """Return the profile with the row's change; None where it was tested on another version."""
    if row.base_version != base.prompt_version:
        return None
    try:
        made = changed(base, read(row.change))
    except UnfitChange:
        return None
    return made if made.prompt_version == row.new_version else None
