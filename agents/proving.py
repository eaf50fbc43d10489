"""Test a proposal on stored work, one look after another; the only writer of ProposalTrial.

A look replays some steps that were not replayed yet, and decides over all pairs so far (`looks`). Pairs are kept as they
are made, so a worker that dies loses none; a provider that goes away, or money that is used up, ends a look early:
that depends on neither arm, so the pairs so far are judged as they are.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from uuid_utils.compat import uuid7

from agents import proposals, replaying, rollouts, wording
from agents.changes import UnfitChange, changed, diff, read
from agents.contract import ModelUnavailable, Profile
from agents.looks import LEAST_PAIRS, Look, Says, look_at
from agents.models import Proposal, ProposalTrial
from agents.profiles_in_force import in_force
from agents.proposals import RING_S, State
from agents.purse import Purse
from billing import quota
from billing.money import MICROS_PER_DOLLAR
from miosa.http.problem import PaymentRequired
from routing import insight

WAIT_S = 3600.0  # until a draft without enough stored work is looked at again


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of one look; `look` None where there was nothing to look at."""

    row: Proposal
    look: Look | None
    why: str


def prove(proposal_id: UUID) -> Tested:
    """Replay, look, and accept, reject or wait; an accepted one is rolled out where no other is.

    Raises NotFound, and Conflict where it is not to be tested.
    """
    row = _based(proposals.proposal(proposal_id))
    if row.state == State.DRAFT:
        needed = (
            LEAST_PAIRS if row.looks else LEAST_PAIRS - _pairs(row)
        )  # a look at the same pairs shows nothing new
        if (ready := replaying.waiting(row, most=LEAST_PAIRS)) < needed:
            return _waits(row, f"{ready} stored steps to replay, {needed} are needed")
        proposals.move(row.pk, State.TESTING, "its replay begins", due=proposals.later(seconds=RING_S))
        wording.improve(row.pk)
    stopped = _replayed(proposals.proposal(proposal_id))
    return _decided(proposals.proposal(proposal_id), stopped)


def go_on(proposal_id: UUID) -> None:
    """Do what is next for a proposal: another look at its replays, or at its rollout; refused by none."""
    row = proposals.proposal(proposal_id)
    if row.state in {State.DRAFT, State.TESTING}:
        prove(row.pk)
    else:
        rollouts.watch(row.pk)


def pairs_of(row: Proposal) -> list[ProposalTrial]:
    """Return the trials of a proposal in the order they were made."""
    return list(ProposalTrial.objects.filter(proposal=row).order_by("created", "pk"))


def _based(row: Proposal) -> Proposal:
    """See that a draft changes the profile that is in force now; what was replayed on another base counts no more."""
    base = in_force(row.agent).profile
    if row.state not in {State.DRAFT, State.TESTING} or row.base_version == base.prompt_version:
        return row
    try:
        after = changed(base, read(row.change))
    except UnfitChange as fault:
        return proposals.move(row.pk, State.REJECTED, f"it no longer fits the prompt in force: {fault}")
    ProposalTrial.objects.filter(proposal=row).delete()
    versions = {"base_version": base.prompt_version, "new_version": after.prompt_version}
    proposals.note(row.pk, due=row.due, diff=diff(base, after), looks=0, replays={}, bound=None, **versions)
    return proposals.proposal(row.pk)


def _profiles(row: Proposal) -> tuple[Profile, Profile]:
    base = in_force(row.agent).profile
    return base, changed(base, read(row.change))


def _replayed(row: Proposal) -> str:
    """Make the pairs of one look, and return why it ended early, "" where it did not."""
    here, reference = settings.ENVIRONMENT, f"proposal:{uuid7()}"
    purse = Purse(here.improvement_cents * MICROS_PER_DOLLAR // 100 if insight.any_priced_model() else 0)
    quota.reserve(reference, purse.ceiling_micros)
    try:
        for step, task, digest in replaying.stored(row, most=here.improvement_replays):
            made = replaying.pair(step, task, _profiles(row), purse, salt=str(row.pk))
            trial = ProposalTrial(proposal=row, step=step, input_digest=digest, look=row.looks + 1, **made)
            ProposalTrial.objects.bulk_create([trial], ignore_conflicts=True)
            quota.extend(reference)
            proposals.note(row.pk, due=proposals.later(seconds=RING_S))
            if proposals.proposal(row.pk).state != State.TESTING:
                return "somebody has decided meanwhile"
    except ModelUnavailable as error:
        return f"no model answers just now ({error})"
    except PaymentRequired as error:
        return str(error)
    finally:
        quota.settle(reference, purse.spent_micros)
    return ""


def _decided(row: Proposal, stopped: str) -> Tested:
    if row.state != State.TESTING:
        return Tested(row, None, stopped)
    trials = pairs_of(row)
    look = look_at([one.difference for one in trials], number=row.looks + 1)
    ended = f"; ended early: {stopped}" if stopped else ""
    if look.pairs < LEAST_PAIRS:  # nothing was decided, so no error is spent
        return _waits(row, f"{look.because}{ended}")
    values = {"looks": look.number, "bound": look.bound, "replays": _summary(trials, look)}
    reason = f"{look.because}{ended}"
    if look.says == Says.ACCEPT:
        soon = proposals.later(seconds=rollouts.LOOK_S)
        row = proposals.move(row.pk, State.ACCEPTED, reason, due=soon, **values)
        return Tested(rollouts.begin(row.pk), look, reason)
    if look.says == Says.REJECT:
        return Tested(proposals.move(row.pk, State.REJECTED, reason, **values), look, reason)
    row = proposals.move(row.pk, State.DRAFT, reason, due=proposals.later(seconds=WAIT_S), **values)
    return Tested(row, look, reason)


def _waits(row: Proposal, why: str) -> Tested:
    due = proposals.later(seconds=WAIT_S) if row.due else None
    if row.state == State.TESTING:
        row = proposals.move(row.pk, State.DRAFT, f"waits: {why}", due=proposals.later(seconds=WAIT_S))
    else:
        proposals.note(row.pk, due=due, reason=f"waits: {why}")
    return Tested(proposals.proposal(row.pk), None, why)


def _pairs(row: Proposal) -> int:
    return int(ProposalTrial.objects.filter(proposal=row).count())


def _summary(trials: list[ProposalTrial], look: Look) -> dict[str, Any]:
    count = len(trials)
    return {
        "pairs": count,
        "old_mean": round(sum(one.old_score for one in trials) / count, 4),
        "new_mean": round(sum(one.new_score for one in trials) / count, 4),
        "mean_difference": round(look.mean, 4),
        "better": sum(one.difference > 0 for one in trials),
        "worse": sum(one.difference < 0 for one in trials),
        "ties": sum(one.difference == 0 for one in trials),
        "judged": sum(bool(one.judge) for one in trials),
        "alpha": look.alpha,
        "cost_micros": sum(one.cost_micros for one in trials),
    }
