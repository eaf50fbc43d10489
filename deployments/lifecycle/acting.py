"""Doing the one thing that was decided: the target first, outside of any transaction, then the row, in one.

Each function returns None when there is more to do at once, else the ids of the deployments to ring for.
"""

from typing import Any
from uuid import UUID

from deployments.lifecycle import checks, log_reading, pace, records, rollback, services, settling
from deployments.lifecycle.deciding import (
    Action,
    Apply,
    Arrive,
    Ask,
    Begin,
    Check,
    End,
    GoLive,
    Look,
    Promote,
    Wait,
)
from deployments.lifecycle.leases import LostLease
from deployments.lifecycle.probing import probe
from deployments.lifecycle.reaching import ref_of
from deployments.lifecycle.states import State
from deployments.lifecycle.storable import storable
from deployments.lifecycle.work import Work
from deployments.models import Deployment
from deployments.targets.contract import DeployRef
from deployments.targets.errors import TargetLost

Followup = list[UUID] | None


def begin(work: Work, _action: Begin) -> Followup:
    """Take the turn, or wait for it."""
    if not settling.settle(work.service) or not records.begin(work.held):
        records.give_back(work.held, pace.QUEUE_LOOK_S)
        return []
    return None


def apply(work: Work, _action: Apply) -> Followup:
    """Let the target make it, or go back; the key makes a repeat harmless."""
    ref = _gone_back(work) if work.is_rollback else None
    ref = ref or work.target.apply(work.spec, key=work.key)
    with records.writing(work.held) as row:
        details = {**row.details, "ref": storable(ref.details)}
        records.keep(row, external_id=ref.deployment_id, details=details, errors=0)
        services.named(work.service, ref.place.external_id)
    return None


def _gone_back(work: Work) -> DeployRef | None:
    """Return the deployment that the target made from an earlier one; None where it has that one no more."""
    earlier = Deployment.objects.filter(pk=work.row.back_to_id).first()
    if earlier is None or not earlier.external_id or not work.capabilities.rollback:
        return None
    try:
        return work.target.rollback(ref_of(earlier, work.spec.place), work.spec, key=work.key)
    except TargetLost:
        return None


def ask(work: Work, _action: Ask) -> Followup:
    """Ask the target how it stands."""
    work.status = work.target.status(work.ref)
    if work.row.errors:
        with records.writing(work.held) as row:
            records.keep(row, errors=0, details={**row.details, "unreachable_since": None})
    return None


def arrive(work: Work, _action: Arrive) -> Followup:
    """It is up: from now on its address is looked at."""
    with records.writing(work.held) as row:
        details = {**row.details, "since": work.held.now(), "failures": 0}
        url = work.status.url if work.status else ""
        records.move(row, State.RELEASING, release_started=records.now(), details=details, url=url[:500])
    return None


def check(work: Work, action: Check) -> Followup:
    """Look at its address."""
    headers = work.status.look_headers if work.status else {}
    answer = probe(work.address(public=action.public), work.expected, headers=headers)
    news = work.last_detail != (answer.detail or "healthy")
    with records.writing(work.held) as row:
        checks.record(row.service_id, row.pk, answer)
        failures = 0 if answer.passed else work.detail("failures") + 1
        records.keep(row, details={**row.details, "failures": failures})
        if news:
            records.tell(
                row,
                "health",
                passed=answer.passed,
                public=action.public,
                detail=answer.detail,
                ms=answer.latency_ms,
            )
    work.last_detail = answer.detail or "healthy"
    work.look = Look(answer.passed, answer.detail)
    return None


def promote(work: Work, action: Promote) -> Followup:
    """Give it traffic. What is about to happen is recorded before: a worker may die in between."""
    with records.writing(work.held) as row:
        records.keep(row, details={**row.details, "aim": action.percent})
    work.target.promote(work.ref, percent=action.percent)
    with records.writing(work.held) as row:
        details = {**row.details, "since": work.held.now(), "failures": 0}
        records.keep(row, percent=action.percent, details=details)
        records.tell(row, "promoted", percent=action.percent)
    work.arrived_somewhere()
    return None


def go_live(work: Work, _action: GoLive) -> Followup:
    """It serves."""
    log_reading.read(work)
    url = (work.status.url if work.status else "") or work.row.url
    with records.writing(work.held, with_service=True) as row:
        service = services.locked(row.service_id)
        following = records.go_live(row, url=url[:500])
        if service:
            services.serves(service, row)
    return following


def end(work: Work, action: End) -> Followup:
    """It comes to nothing; what served before it serves on, or again."""
    nowhere = action.roll_back and rollback.destination(work.row.service_id, besides=work.row.pk) is None
    if action.call_off or nowhere:
        _call_off(work)
    log_reading.read(work)
    with records.writing(work.held, with_service=True) as row:
        back = rollback.destination(row.service_id, besides=row.pk) if action.roll_back else None
        reason = f"{action.reason} {_consequence(action, back)}".strip()
        following = records.end(row, action.state, reason)
        if back:
            following.insert(0, rollback.open_automatic(row, back, reason=action.reason).pk)
    return following


def _consequence(action: End, back: Deployment | None) -> str:
    if back:
        return f"It is rolled back to release {back.release.number}."
    return "There is no earlier healthy release to roll back to." if action.roll_back else ""


def _call_off(work: Work) -> None:
    """Stop it at the target, also where the answer to `apply` was lost."""
    ref = work.ref if work.row.external_id else work.target.find(work.spec.place, key=work.key)
    if ref is None:
        return
    try:
        if work.row.percent or work.detail("aim"):
            work.target.promote(ref, percent=0)
        work.target.cancel(ref)
    except TargetLost:
        return


def wait(work: Work, action: Wait) -> Followup:
    """Wait a moment with it in hand, or give it back."""
    log_reading.read(work)
    short = action.after_s <= pace.SHORT_WAIT_S and work.held.held_s() + action.after_s < pace.IN_HAND_S
    if not short:
        records.give_back(work.held, action.after_s)
        return []
    if work.held.lost.wait(action.after_s):
        raise LostLease(work.key)
    work.forget_looks()
    work.looks += 1
    return None


ACTS: dict[type[Action], Any] = {
    Begin: begin,
    Apply: apply,
    Ask: ask,
    Arrive: arrive,
    Check: check,
    Promote: promote,
    GoLive: go_live,
    End: end,
    Wait: wait,
}
