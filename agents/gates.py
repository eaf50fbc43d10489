"""Where an execution waits for a person's word: asked once for each exact effect, found again after any restart.

Nothing here waits. Whoever is not yet answered raises NotYet, and the step comes back; whatever it is asked about is read
anew then, and an answer for something else counts for nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from agents import executions
from agents.ceilings import Stopped
from agents.contract import NotYet
from agents.models import Execution
from billing.money import format_usd
from deployments import approval_policies, approvals, questions
from deployments.approval_rules import SPEND, Effect, needs_approval
from deployments.models import Approval

PATIENCE_S = (0.5, 10.0)  # while a person is asked: soon at first, then less often
MOST_SHOWN = 1_000  # characters of a request in the question


@dataclass(frozen=True, slots=True)
class Word:
    """What came of a question; `reason` says who answered it and how."""

    approved: bool
    reason: str
    approval: Approval


def word(
    execution: Execution, kind: str, exact: Mapping[str, Any], *, of: str, requested_by: str, reason: str
) -> Word:
    """Return somebody's word on exactly this, asked for once, however often it is come back for.

    `exact` is what a person is shown and the answer is bound to, in members of plain JSON; `of` is the kind of policy.

    Raises:
        NotYet: somebody is asked and has not answered.
    """
    row = _asked(execution, kind, dict(exact), of=of, requested_by=requested_by)
    state = approvals.state(row.pk)
    if state == Approval.State.PENDING:
        raise NotYet(patience(row), f"waits for approval {row.pk}: {reason}")
    return Word(state == Approval.State.APPROVED, _told(row, state), row)


def hold(execution: Execution) -> Approval | None:
    """Ask for somebody's word where a new execution may cost more than the policies let pass; in the caller's transaction."""
    asked = Effect(SPEND, cost_micros=execution.ceiling_micros)
    if needs_approval(approval_policies.rules(), asked) is None:
        return None
    row = _asked(execution, questions.SPEND, _spend(execution), of=SPEND, requested_by=execution.requested_by)
    executions.hold(execution, row.pk)
    return row


def admit(execution: Execution) -> None:
    """Let a step of an execution begin. Raises NotYet while its word is waited for, Stopped where there is none."""
    if execution.approval_id is None:
        return
    row = approvals.one(execution.approval_id)
    exact = _spend(execution)
    if row.digest != approvals.digest_of(
        questions.SPEND, exact
    ):  # it may cost something else than what was said yes to
        with transaction.atomic():  # asked, noted and told together
            row = _asked(execution, questions.SPEND, exact, of=SPEND, requested_by=execution.requested_by)
            executions.hold(execution, row.pk)
    state = approvals.state(row.pk)
    if state == Approval.State.PENDING:
        raise NotYet(patience(row), f"waits for approval {row.pk}: it may cost {row.effect['may_cost']}")
    if state != Approval.State.APPROVED:
        raise Stopped(Execution.Cause.REFUSED, f"It did not begin: {_told(row, state)}.")


def patience(approval: Approval) -> float:
    """Return in how many seconds to look again: a person who answers at once is served at once."""
    least, most = PATIENCE_S
    waited = (timezone.now() - approval.created).total_seconds()
    return min(most, max(least, waited / 30))


def _asked(
    execution: Execution, kind: str, effect: dict[str, Any], *, of: str, requested_by: str
) -> Approval:
    """Return the newest question about exactly this, whatever came of it; asked now where there is none.

    Why it is asked is no part of it: a policy that is changed meanwhile does not ask a second time.
    """
    rows = approvals.listed().filter(execution_id=execution.pk, kind=kind).order_by("-created")
    found = (row for row in rows if approvals.digest_of(kind, effect | _why(row.effect)) == row.digest)
    return next(found, None) or approvals.ask(
        kind=kind,
        effect=effect,
        execution_id=execution.pk,
        requested_by=requested_by,
        ttl_s=approval_policies.waits_s(of),
    )


def _why(effect: Mapping[str, Any]) -> dict[str, Any]:
    return {name: effect[name] for name in ("because",) if name in effect}


def _spend(execution: Execution) -> dict[str, Any]:
    return {
        "action": "spend",
        "may_cost": format_usd(execution.ceiling_micros),
        "ceiling_micros": execution.ceiling_micros,
        "request": execution.request[:MOST_SHOWN],
        "request_sha256": hashlib.sha256(execution.request.encode("utf-8", "surrogatepass")).hexdigest(),
        "requested_by": execution.requested_by,
        "execution_id": str(execution.pk),
    }


def _told(row: Approval, state: str) -> str:
    if state == Approval.State.EXPIRED:
        return "nobody answered in time"
    note = f" ({row.note})" if row.note else ""
    return f"{row.decided_by} said {'yes' if state == Approval.State.APPROVED else 'no'}{note}"
