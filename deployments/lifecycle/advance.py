"""A deployment goes as far as it can: look, decide, act, until it has ended or has to wait.

Nothing is enqueued here: what should follow is returned.
"""

import logging
from dataclasses import replace
from uuid import UUID

from django.db import InterfaceError, OperationalError

from deployments.lifecycle import leases, log_reading, pace, records, services
from deployments.lifecycle.acting import ACTS, end
from deployments.lifecycle.deciding import End, failed, next_step
from deployments.lifecycle.leases import Claim, LostLease
from deployments.lifecycle.states import State
from deployments.lifecycle.work import Work
from deployments.targets.errors import TargetError, TargetLost
from miosa.http.problem import Problem
from tenants.vault import CannotOpen

logger = logging.getLogger(__name__)

MOST_LOSSES = 1  # a target that loses it once is told to make it anew


def advance(tenant_id: UUID, deployment_id: UUID) -> list[UUID]:
    """Work on a deployment of the current tenant, if it is due and nobody else does; return whom to ring for."""
    held = leases.claim(tenant_id, deployment_id)
    if held is None:
        return []
    try:
        with leases.kept(held):
            return _worked(held)
    except LostLease:
        logger.info("Deployment %s is no longer ours", deployment_id)
        return []


def _worked(held: Claim) -> list[UUID]:
    work = Work(held)
    while True:
        try:
            following = _step(work)
        except TargetError as error:
            following = _refused(work, error)
        except (Problem, CannotOpen) as error:
            following = end(work, End(State.FAILED, str(error)))
        except (LostLease, OperationalError, InterfaceError):
            raise  # not the deployment's fault: whoever claims it next goes on
        except (
            Exception
        ) as error:  # a target is a plug-in: whatever it raises ends the deployment and not the worker
            logger.exception("Deployment %s failed unexpectedly", work.key)
            following = _refused(
                work, TargetError(f"It failed by a fault of the platform ({type(error).__name__}).")
            )
        if following is not None:
            return following
        work.read()


def _step(work: Work) -> list[UUID] | None:
    action = next_step(work.seen())
    following: list[UUID] | None = ACTS[type(action)](work, action)
    return following


def _refused(work: Work, error: TargetError) -> list[UUID] | None:
    """Return what follows from an error of the target: later, anew, or the end."""
    work.read()
    if isinstance(error, TargetLost):
        return _lost(work, error)
    if error.retryable:
        return _later(work, error)
    return _given_up(work, str(error))


def _later(work: Work, error: TargetError) -> list[UUID]:
    now = work.held.now()
    since = work.detail("unreachable_since") or now
    if now - since > pace.UNREACHABLE_S:
        return _given_up(work, f"The target did not answer for {now - since:.0f} s: {error}")
    errors = work.row.errors + 1
    log_reading.note(work, f"The target: {error}")
    details = {**work.row.details, "unreachable_since": since}
    after_s = pace.back_off_s(errors, asked_s=error.retry_after_s)
    records.give_back(work.held, after_s, errors=errors, details=details)
    return []


def _lost(work: Work, error: TargetError) -> list[UUID] | None:
    """Make it anew, once: somebody removed it at the target."""
    losses = work.detail("losses") + 1
    if losses > MOST_LOSSES or work.row.state == State.QUEUED:
        return _given_up(work, f"The target has lost it: {error}")
    with records.writing(work.held) as row:
        services.named(work.service, "")
        details = {**row.details, "losses": losses, "aim": 0, "ref": {}}
        records.keep(row, external_id="", percent=0, details=details)
        records.tell(row, "note", text=f"The target has lost it and makes it anew: {error}")
    work.arrived_somewhere()
    return None


def _given_up(work: Work, reason: str) -> list[UUID]:
    """End it as failed. What its target may have left of it is stopped if that can be, and looked after later if not."""
    verdict = failed(work.outline(), reason)
    try:
        return end(work, verdict) or []
    except TargetError as error:
        logger.info("Deployment %s could not be called off: %s", work.key, error)
        return end(work, replace(verdict, call_off=False)) or []
