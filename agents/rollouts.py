"""An accepted proposal gets a share of new steps; both arms are compared after each, and it is adopted or taken back by itself."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from agents import proposals
from agents.changes import UnfitChange, changed, read
from agents.confidence import by_checks
from agents.contract import Evidence
from agents.models import Proposal, Step
from agents.profiles_in_force import in_force
from agents.proposals import State
from agents.sequences import Comparison, compare
from miosa.http.problem import Conflict

ALPHA = 0.05  # probability that a rollout is ever adopted, or ever taken back, without a cause; however often one looks
LOOK_S = 60.0
MOST = 5_000  # steps of an arm that are compared, the first ones


@transaction.atomic
def begin(proposal_id: UUID, *, why: str = "") -> Proposal:
    """Give a proposal its share where no other of its agent is rolled out; otherwise it waits, accepted.

    `why`: what a person said who rolls out what was not accepted; then nothing waits. Raises Conflict.
    """
    row = proposals.locked(proposal_id)
    if proposals.proposals().filter(agent=row.agent, state=State.ROLLING).exists():
        if row.state != State.ACCEPTED:
            raise Conflict(f"Another proposal of {row.agent} is rolled out; end that one first.")
        proposals.note(row.pk, due=proposals.later(seconds=LOOK_S))
        return proposals.proposal(row.pk)
    if row.base_version != in_force(row.agent).profile.prompt_version:
        return _proven_elsewhere(row)
    share = settings.ENVIRONMENT.improvement_percent / 100
    reason = why or f"{share:.0%} of new steps ask with it: {row.reason}"
    return proposals.move(
        row.pk, State.ROLLING, reason, share=share, rolled=timezone.now(), due=proposals.later(seconds=LOOK_S)
    )


def watch(proposal_id: UUID) -> Proposal:
    """Compare both arms as they stand, and adopt, take back, or go on."""
    row = proposals.proposal(proposal_id)
    if row.state == State.ACCEPTED:
        return begin(row.pk)
    if row.state != State.ROLLING:
        return row
    if row.base_version != in_force(row.agent).profile.prompt_version:
        return proposals.move(row.pk, State.REVERTED, "the prompt it changes is no longer in force")
    found = compared(row)
    told = {"comparison": _shown(found)}
    if found.worse:
        return proposals.move(row.pk, State.REVERTED, f"it does worse: {_told(found)}", share=0.0, **told)
    if found.better:
        return proposals.move(row.pk, State.ADOPTED, f"it does better: {_told(found)}", share=1.0, **told)
    proposals.note(row.pk, due=proposals.later(seconds=LOOK_S), **told)
    return proposals.proposal(row.pk)


def compared(row: Proposal) -> Comparison:
    """Compare the steps that began since the rollout did, by the prompt version each asked with."""
    return compare(_scores(row, row.base_version), _scores(row, row.new_version), alpha=ALPHA)


def _scores(row: Proposal, version: str) -> list[float]:
    ended = (
        Step.objects.filter(
            agent=row.agent,
            prompt_version=version,
            created__gte=row.rolled,
            state__in=[Step.State.COMPLETED, Step.State.FAILED],
        )
        .order_by("finished", "pk")
        .values_list("state", "evidence", "success")[:MOST]
    )
    return [
        by_checks(tuple(Evidence(**one) for one in evidence))
        if state == Step.State.COMPLETED and (evidence or success)
        else 0.0
        for state, evidence, success in ended
    ]


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


def _shown(found: Comparison) -> dict[str, Any]:
    return {
        "old": asdict(found.old), "new": asdict(found.new), "low": round(found.low, 4),
        "high": round(found.high, 4), "alpha": ALPHA,
    }  # fmt: skip


def _told(found: Comparison) -> str:
    return (
        f"{found.new.mean:.3f} in {found.new.count} steps against {found.old.mean:.3f} in {found.old.count};"
        f" the difference lies between {found.low:+.3f} and {found.high:+.3f}"
    )
