"""A run is asked for: checked, written as a row, a worker called once that is committed; and it may be cancelled."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from billing.subscriptions import current_plan
from deployments import sandbox_runs
from deployments.models import SandboxRun
from deployments.sandbox_runs_detached import SHELL, ring
from deployments.sandbox_runs_performing import Asked, check
from deployments.sandbox_runs_permit import refuse_used_up, where, why_not
from deployments.sandbox_runs_work import asked_of
from deployments.sandboxes.contract import SandboxRefused
from deployments.sandboxes.permit import beyond
from miosa.http.problem import (
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unavailable,
    Unprocessable,
    invalid,
)
from tenants import audit

MOST_OPEN = 100  # queued and running runs of a tenant
RETRY_AFTER_S = 5


def submit(
    *,
    code: str = "",
    commands: Sequence[str] = (),
    language: str = "python",
    files: Mapping[str, str],
    timeout_s: float,
    hosts: Sequence[str] = (),
    requested_by: str,
) -> SandboxRun:
    """Accept a run of the current tenant.

    Raises:
        Unavailable: no code can run here.
        PaymentRequired, TooManyRequests: the month's minutes are used up, or too many runs wait.
        Forbidden, Unprocessable: the plan allows no network to a host; no sandbox takes this.
    """
    asked = Asked(
        code=code,
        kernel="" if commands else language,
        commands=tuple(commands),
        files=files,
        timeout_s=timeout_s,
    )
    _refuse(asked, hosts)
    values: dict[str, Any] = asked_of(asked, where().name)
    with transaction.atomic():
        row = sandbox_runs.open_run(
            **values
            | {"code": code, "commands": list(commands), "language": SHELL if commands else language},
            detached=True,
            files=dict(files),
            hosts=list(hosts),
            requested_by=requested_by,
        )
        sandbox_runs.mark_rung(row.pk)
        transaction.on_commit(lambda: ring(str(row.tenant_id), row.pk))
    return row


def cancel(run_id: UUID) -> SandboxRun:
    """Cancel a run of the current tenant; raises NotFound, or Conflict when it has ended."""
    row: SandboxRun | None = SandboxRun.objects.filter(pk=run_id).first()
    if row is None:
        raise NotFound("There is no such sandbox run.")
    if not row.detached:
        raise Conflict("This run belongs to a task; cancel the task's execution.")
    with transaction.atomic():
        if not sandbox_runs.cancel(run_id):
            raise Conflict(f"This run is {row.state} already.")
        audit.record(
            "sandbox_run.cancelled",
            actor=audit.current_actor(),
            object_type="sandbox_run",
            object_id=run_id,
            before={"state": row.state},
            after={"state": SandboxRun.State.CANCELLED},
        )
    row.refresh_from_db()
    return row


def _refuse(asked: Asked, hosts: Sequence[str]) -> None:
    if reason := why_not():
        raise Unavailable(reason)
    try:
        check(asked)
    except SandboxRefused as error:
        raise Unprocessable(str(error), errors=[invalid(str(error))]) from error
    if refused := beyond(hosts, current_plan().sandbox_hosts):
        raise Forbidden(f"The plan allows a sandbox no network to {', '.join(refused)}.")
    refuse_used_up()
    if SandboxRun.objects.filter(state__in=("queued", "running")).count() >= MOST_OPEN:
        raise TooManyRequests(
            f"{MOST_OPEN} sandbox runs wait or run already; ask again when some have ended.",
            retry_after_s=RETRY_AFTER_S,
        )
