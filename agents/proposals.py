"""The life of a proposal, each step of it audited; the only writer of Proposal.

draft -> testing -> accepted -> rolling -> adopted, or rejected, reverted, refused. Whoever moves one locks its row, so
two who decide at once see each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from agents.changes import Change, Kind, UnfitChange, changed, diff, read
from agents.models import Lesson, Memory, Proposal
from agents.models.proposal import WATCHED
from agents.profiles_in_force import in_force
from miosa.http.problem import Conflict, NotFound, Unprocessable
from tenants import audit
from tenants.owned import current_tenant_id
from tenants.places import in_each_place

State = Proposal.State
OPEN = frozenset({State.DRAFT, State.TESTING, State.ACCEPTED, State.ROLLING})
ENDED = frozenset({State.ADOPTED, State.REJECTED, State.REVERTED, State.REFUSED})
MAY_BECOME: Mapping[str, frozenset[str]] = {
    State.DRAFT: frozenset({State.TESTING, State.ROLLING, State.REFUSED, State.REJECTED}),
    State.TESTING: frozenset({State.DRAFT, State.ACCEPTED, State.REJECTED, State.REFUSED}),
    State.ACCEPTED: frozenset({State.ROLLING, State.REFUSED, State.DRAFT}),
    State.ROLLING: frozenset({State.ADOPTED, State.REVERTED}),
    State.ADOPTED: frozenset({State.REVERTED, State.ADOPTED}),  # itself: when its watch ends
    State.REJECTED: frozenset({State.ROLLING, State.REFUSED}),
    State.REVERTED: frozenset(),
    State.REFUSED: frozenset(),
}
LOCKS = 0x50524F50  # "PROP": the class of advisory locks whose second number is an agent's of a tenant
RING_S = 120.0  # until one is rung for again whose worker gives no sign of life
# What nobody may be called to by itself has no `due`.
DUE = """
WITH due AS (
  SELECT id FROM agents_proposal WHERE due < now() ORDER BY due LIMIT %s FOR UPDATE SKIP LOCKED)
UPDATE agents_proposal p SET due = now() + make_interval(secs => %s)
FROM due WHERE p.id = due.id RETURNING p.tenant_id, p.id"""


@dataclass(frozen=True, slots=True)
class Drafted:
    """The proposal that a lesson leads to; `made` is False where one with the same change was open already."""

    row: Proposal
    made: bool


def proposals() -> QuerySet[Proposal]:
    """Return the current tenant's proposals."""
    rows: QuerySet[Proposal] = Proposal.objects.all()
    return rows


def proposal(proposal_id: UUID) -> Proposal:
    """Return one of the current tenant's proposals; raises NotFound, for a foreign one too."""
    row = proposals().filter(pk=proposal_id).first()
    if row is None:
        raise NotFound("There is no such proposal.")
    return row


@transaction.atomic
def draft(
    agent: str, change: Change, *, cause: str, lesson: Lesson | None = None, tested: bool = False
) -> Drafted:
    """Write a change down against the profile in force; the same open change is written once.

    `tested`: it is tested by itself as soon as there is work to replay. Raises UnfitChange.
    """
    _take_turn(agent)
    base = in_force(agent).profile
    after = changed(base, change)
    mine = proposals().filter(agent=agent)
    same = mine.filter(fingerprint=change.fingerprint, base_version=base.prompt_version, state__in=OPEN)
    if (found := same.first()) is not None:
        if tested and found.state == State.DRAFT and found.due is None:
            proposals().filter(pk=found.pk).update(due=timezone.now())
        return Drafted(found, made=False)
    newest = mine.aggregate(newest=Max("number"))["newest"] or 0
    row: Proposal = Proposal.objects.create(
        agent=agent,
        number=newest + 1,
        kind=change.kind,
        base_version=base.prompt_version,
        new_version=after.prompt_version,
        change=change.as_json(),
        fingerprint=change.fingerprint,
        diff=diff(base, after),
        cause=cause,
        lesson=lesson,
        memory=Memory.objects.filter(step_id=change.origin or None, kind=Memory.Kind.RESULT).first(),
        due=timezone.now() if tested else None,
        decided_by=audit.current_actor(),
    )
    _told(row, "proposal.drafted", None)
    return Drafted(row, made=True)


def tried(agent: str) -> dict[str, Kind]:
    """Return fingerprint and kind of the changes that this agent's prompt in force was tried with, and did not take."""
    version = in_force(agent).profile.prompt_version
    ended = (State.REJECTED, State.REVERTED, State.REFUSED)
    rows = proposals().filter(agent=agent, base_version=version, state__in=ended)
    return {row.fingerprint: Kind(row.kind) for row in rows.only("fingerprint", "kind")}


@transaction.atomic
def move(row_id: UUID, state: str, reason: str, **values: Any) -> Proposal:
    """Bring a proposal into a state, with the reason and the figures it rests on.

    Raises NotFound, and Conflict where it cannot become that.
    """
    row = locked(row_id)
    if state not in MAY_BECOME[row.state]:
        raise Conflict(f"The proposal {row} is {row.state}; it cannot become {state}.")
    before = row.state
    row.state, row.reason, row.decided_by = state, reason, audit.current_actor()
    row.attempt = 0 if state != State.TESTING else row.attempt
    row.ended = timezone.now() if state in ENDED else None
    row.due = None
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    _told(row, "proposal.kept" if state == before else f"proposal.{state}", before)
    return row


@transaction.atomic
def reword(row_id: UUID, change: Change, *, by: str) -> Proposal:
    """Let a draft say the same in better words, before it was ever tested. Raises UnfitChange and Conflict."""
    row = locked(row_id)
    if row.state != State.TESTING or row.looks or row.trials.exists():
        raise Conflict(f"The proposal {row} was tested as it is.")
    base = in_force(row.agent).profile
    after = changed(base, change)
    # Its fingerprint stays that of what was proposed: in other words the same is not tried again and again.
    row.change, row.diff = change.as_json(), diff(base, after)
    row.base_version, row.new_version = base.prompt_version, after.prompt_version
    row.save()
    _told(row, "proposal.worded", row.state, by=by)
    return row


@transaction.atomic
def edit(row_id: UUID, change: Change, *, reason: str) -> Proposal:
    """Refuse a version and write the edited one as the next, which has to prove itself. Raises Conflict, Unprocessable."""
    row = locked(row_id)
    try:
        drafted = draft(row.agent, change, cause=row.cause, lesson=row.lesson, tested=row.due is not None)
    except UnfitChange as fault:
        raise Unprocessable(f"This change cannot be made: {fault}.") from fault
    if drafted.row.pk == row.pk:
        raise Unprocessable("The edited change is the same.")
    if row.state in {State.DRAFT, State.ACCEPTED, State.REJECTED}:
        move(row.pk, State.REFUSED, f"edited: {drafted.row} takes its place. {reason}".strip())
    elif row.state in {State.TESTING, State.ROLLING, State.ADOPTED}:
        raise Conflict(f"The proposal {row} is {row.state}; take it back first, or wait.")
    return drafted.row


@transaction.atomic
def rebase(row_id: UUID) -> Proposal:
    """Let a draft change the prompt that is in force now: its evidence is forgotten. Rejected where it no longer fits."""
    row = locked(row_id)
    base = in_force(row.agent).profile
    try:
        after = changed(base, read(row.change))
    except UnfitChange as fault:
        return move(row.pk, State.REJECTED, f"it no longer fits the prompt in force: {fault}")
    row.base_version, row.new_version, row.diff = base.prompt_version, after.prompt_version, diff(base, after)
    row.looks, row.replays, row.bound, row.fence = 0, {}, None, row.fence + 1
    row.save()
    _told(row, "proposal.rebased", row.state)
    return row


@transaction.atomic
def call_for_test(row_id: UUID) -> Proposal:
    """Have a draft tested now, because somebody says so. Raises Conflict."""
    row = locked(row_id)
    if row.state != State.DRAFT:
        raise Conflict(f"The proposal {row} is {row.state}; only a draft is tested.")
    row.due, row.reason, row.decided_by = later(seconds=RING_S), "to be tested now", audit.current_actor()
    row.save()
    _told(row, "proposal.called", row.state)
    return row


def note(row_id: UUID, *, due: datetime | None = None, **values: Any) -> None:
    """Write figures down that change no state: a comparison, a look that waits. What is over stays as it is."""
    proposals().filter(~Q(state__in=ENDED) | WATCHED, pk=row_id).update(due=due, **values)


def due(*, limit: int = 100) -> list[tuple[UUID, UUID]]:
    """Return (tenant, proposal) of what is to be looked at, of all tenants, as the platform."""
    return [(tenant_id, row_id) for tenant_id, row_id in in_each_place(DUE, [limit, RING_S])]


def later(*, seconds: float) -> datetime:
    """Return the moment in so many seconds."""
    return timezone.now() + timedelta(seconds=seconds)


def locked(row_id: UUID) -> Proposal:
    """Return one of the current tenant's proposals, locked until the transaction ends; raises NotFound."""
    row: Proposal | None = proposals().select_for_update(of=("self",)).filter(pk=row_id).first()
    if row is None:
        raise NotFound("There is no such proposal.")
    return row


def _take_turn(agent: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCKS, f"{current_tenant_id()}:{agent}"]
        )


def _told(row: Proposal, action: str, before: str | None, **more: Any) -> None:
    audit.record(
        action,
        actor=audit.current_actor(),
        object_type="proposal",
        object_id=row.pk,
        before={"state": before} if before else None,
        after={
            "agent": row.agent, "number": row.number, "state": row.state, "kind": row.kind, "reason": row.reason,
            "base_version": row.base_version, "new_version": row.new_version, "change": _sayable(row),
            "bound": row.bound, "share": row.share, **more,
        },
    )  # fmt: skip


def _sayable(row: Proposal) -> dict[str, str]:
    """Return a change for the log, which forgets nothing: of an example only where it comes from and which one it is."""
    if row.kind != Kind.EXAMPLE:
        return dict(row.change)
    return {"kind": row.kind, "origin": row.change.get("origin", ""), "fingerprint": row.fingerprint}
