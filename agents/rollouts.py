"""An accepted proposal gets a share of new executions; both arms are compared, and it is adopted or taken back by itself.

One execution is one value, the mean of the agent's steps in it: steps of one execution are alike, and counting each
would make the bounds believe more than was seen.
"""

from dataclasses import asdict
from itertools import islice
from statistics import fmean
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
_OLD_FOR_NEW = 20  # times as many of the other arm are looked at, so that no look grows without end
MOST = 1_000  # executions that ask with it; where these show no difference, it is taken back and makes room


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
    reason = why or f"{share:.0%} of new executions ask with it: {row.reason}"
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
    return _ended(row, compared(row))


def compared(row: Proposal) -> Comparison:
    """Compare the executions that began and ended since the rollout did, by the prompt version each asked with."""
    return compare(_scores(row, row.base_version), _scores(row, row.new_version), alpha=ALPHA)


def _ended(row: Proposal, found: Comparison) -> Proposal:
    told = {"comparison": _shown(found)}
    if found.worse:
        return proposals.move(row.pk, State.REVERTED, f"it does worse: {_told(found)}", share=0.0, **told)
    if found.better:
        return proposals.move(row.pk, State.ADOPTED, f"it does better: {_told(found)}", share=1.0, **told)
    if found.new.count >= MOST:
        why = f"no difference shown in {MOST:,} executions: {_told(found)}"
        return proposals.move(row.pk, State.REVERTED, why, share=0.0, **told)
    proposals.note(row.pk, due=proposals.later(seconds=LOOK_S), **told)
    return proposals.proposal(row.pk)


def _scores(row: Proposal, version: str) -> list[float]:
    """Return one score (0 to 1) for each execution, in the order they ended."""
    ended = (
        Step.objects.filter(
            agent=row.agent,
            prompt_version=version,
            execution__created__gte=row.rolled,
            execution__finished__isnull=False,
            state__in=[Step.State.COMPLETED, Step.State.FAILED],
        )
        .order_by("execution__finished", "execution_id")
        .values_list("execution_id", "state", "evidence", "success")
    )
    whole: dict[UUID, list[float]] = {}
    for execution_id, state, evidence, success in ended.iterator():
        done = state == Step.State.COMPLETED and (evidence or success)
        worth = by_checks(tuple(Evidence(**one) for one in evidence)) if done else 0.0
        whole.setdefault(execution_id, []).append(worth)
    return [fmean(one) for one in islice(whole.values(), MOST * _OLD_FOR_NEW)]


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
        f"{found.new.mean:.3f} in {found.new.count} executions against {found.old.mean:.3f} in {found.old.count};"
        f" the difference lies between {found.low:+.3f} and {found.high:+.3f}"
    )
