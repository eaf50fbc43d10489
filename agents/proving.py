"""Test a proposal on stored work, one look after another; the only writer of ProposalTrial.

A look replays some steps that were not replayed yet, and decides over all pairs so far (`looks`). Pairs are kept as they
are made, so a worker that dies loses none; a provider that goes away, or money that is used up, ends a look early:
that depends on neither arm, so the pairs so far are judged once there are enough new ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from uuid_utils.compat import uuid7

from agents import look_owners, proposals, replaying, rollouts, wording
from agents.changes import changed, read
from agents.contract import ModelUnavailable, Profile
from agents.looks import LEAST_PAIRS, Look, Says, look_at
from agents.models import Proposal, ProposalTrial
from agents.pairs import costs_told, summary
from agents.profiles_in_force import in_force
from agents.proposals import State
from agents.purse import Purse
from billing import quota
from billing.money import MICROS_PER_DOLLAR
from miosa.http.problem import Conflict, PaymentRequired
from routing import insight
from tenants.heartbeat import beating

BEAT_S = 20.0  # between two signs of life of a worker that replays
MOST_ATTEMPTS = 5  # workers that may die at one look
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
    row = proposals.proposal(proposal_id)
    if row.state not in {State.DRAFT, State.TESTING}:
        raise Conflict(f"The proposal {row} is {row.state}; only a draft is tested.")
    row = _based(row)
    if row.state == State.REJECTED:
        return Tested(row, None, row.reason)
    if row.state == State.DRAFT:
        needed = LEAST_PAIRS - _new_pairs(row)  # a look at the same pairs shows nothing new
        if (ready := replaying.waiting(row, most=LEAST_PAIRS)) < needed:
            return _waits(row, f"{ready} stored steps to replay, {needed} are needed")
    row = look_owners.take(row.pk)
    if row.attempt > MOST_ATTEMPTS:
        why = f"given up: {MOST_ATTEMPTS} workers died at its replays"
        return Tested(proposals.move(row.pk, State.REJECTED, why), None, why)
    alive = partial(look_owners.alive, row)
    with beating(UUID(str(row.tenant_id)), f"look-{row.pk}", alive, every_s=BEAT_S):
        stopped = _replayed(row)
    return _decided(row, stopped)


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
    if row.base_version == in_force(row.agent).profile.prompt_version:
        return row
    with transaction.atomic():
        row = proposals.rebase(row.pk)
        ProposalTrial.objects.filter(proposal=row).delete()
    return row


def _profiles(row: Proposal) -> tuple[Profile, Profile]:
    base = in_force(row.agent).profile
    return base, changed(base, read(row.change))


def _replayed(row: Proposal) -> str:
    """Make the pairs of one look, and return why it ended early, "" where it did not."""
    here, reference = settings.ENVIRONMENT, f"proposal:{uuid7()}"
    purse = Purse(here.improvement_cents * MICROS_PER_DOLLAR // 100 if insight.any_priced_model() else 0)
    try:
        quota.reserve(reference, purse.ceiling_micros)
    except PaymentRequired as error:
        return str(error)
    try:
        if not ProposalTrial.objects.filter(proposal=row).exists():
            wording.improve(row.pk, purse)
        return _paired(row, purse, reference)
    except (ModelUnavailable, PaymentRequired) as error:
        away = isinstance(error, ModelUnavailable)
        return f"no model answers just now ({error})" if away else str(error)
    finally:
        quota.settle(reference, purse.spent_micros)
        look_owners.pay(row.pk, purse.spent_micros)


def _paired(taken: Proposal, purse: Purse, reference: str) -> str:
    row = proposals.proposal(taken.pk)  # its words may be others now
    profiles, unheard = _profiles(row), ""
    for step, task, digest in replaying.stored(row, most=settings.ENVIRONMENT.improvement_replays):
        try:
            made = replaying.pair(step, task, profiles, purse, salt=str(row.pk))
        except replaying.Unheard as error:
            unheard = f"some steps can be given to no model ({error})"
            continue
        if not _kept(taken, ProposalTrial(step=step, input_digest=digest, **made)):
            return "somebody has decided, or goes on with it, meanwhile"
        quota.extend(reference)
    return unheard


@transaction.atomic
def _kept(taken: Proposal, trial: ProposalTrial) -> bool:
    """Keep a pair, once for an input; False where the look is no longer the taker's."""
    row = look_owners.held(taken)
    if row is None:
        return False
    trial.proposal, trial.look = row, row.looks + 1
    ProposalTrial.objects.bulk_create([trial], ignore_conflicts=True)
    return True


@transaction.atomic
def _decided(taken: Proposal, stopped: str) -> Tested:
    """Say what the pairs so far allow, once: the row is locked, and whoever was overtaken says nothing."""
    row = look_owners.held(taken)
    if row is None:
        return Tested(proposals.proposal(taken.pk), None, stopped or "somebody else goes on with it")
    ended = f"; ended early: {stopped}" if stopped else ""
    if (new := _new_pairs(row)) < LEAST_PAIRS:  # nothing is decided, so no error is spent
        return _waits(row, f"{new} new pairs of at least {LEAST_PAIRS}{ended}")
    if row.base_version != in_force(row.agent).profile.prompt_version:
        return _waits(row, "another prompt is in force since its replay began")
    trials = pairs_of(row)
    look = look_at([one.difference for one in trials], number=row.looks + 1)
    values = {"looks": look.number, "bound": look.bound, "replays": summary(trials, look)}
    reason = f"{look.because}{costs_told(trials)}{ended}"
    return Tested(_moved(row, look, reason, values), look, reason)


def _moved(row: Proposal, look: Look, reason: str, values: Mapping[str, Any]) -> Proposal:
    match look.says:
        case Says.ACCEPT:
            soon = proposals.later(seconds=rollouts.LOOK_S)
            return rollouts.begin(proposals.move(row.pk, State.ACCEPTED, reason, due=soon, **values).pk)
        case Says.REJECT:
            return proposals.move(row.pk, State.REJECTED, reason, **values)
        case Says.AGAIN:
            later = proposals.later(seconds=WAIT_S)
            return proposals.move(row.pk, State.DRAFT, reason, due=later, **values)


def _waits(row: Proposal, why: str) -> Tested:
    due = proposals.later(seconds=WAIT_S) if row.due else None
    if row.state == State.TESTING:
        row = proposals.move(row.pk, State.DRAFT, f"waits: {why}", due=proposals.later(seconds=WAIT_S))
    else:
        proposals.note(row.pk, due=due, reason=f"waits: {why}")
    return Tested(proposals.proposal(row.pk), None, why)


def _new_pairs(row: Proposal) -> int:
    """Return how many pairs no look has seen yet."""
    return int(ProposalTrial.objects.filter(proposal=row, look__gt=row.looks).count())
