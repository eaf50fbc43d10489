"""Code and programs are run in a sandbox while the caller waits; each run is kept as a row, and counted."""

import time
from collections.abc import Mapping, Sequence
from uuid import UUID

from deployments import sandbox_runs
from deployments.models import SandboxRun as RunRow
from deployments.sandbox_runs_performing import Asked, Performed, check
from deployments.sandbox_runs_permit import permit, refuse_used_up, where, why_not
from deployments.sandbox_runs_work import SPARE_S, asked_of, carry_out
from deployments.sandboxes.contract import NO_FILES, SandboxRefused, SandboxRun, SandboxUnavailable
from deployments.sandboxes.e2b import NOTHING, end_boxes
from deployments.sandboxes.outcomes import SandboxBusy
from miosa.http.problem import PaymentRequired

PATIENCE_S = 60.0  # for a box of this tenant to become free
LOOK_S = 0.1


def run_code(
    code: str,
    *,
    files: Mapping[str, str] = NO_FILES,
    timeout_s: float = 10,
    execution_id: UUID | None = None,
    step_id: UUID | None = None,
    agent: str = "",
) -> SandboxRun:
    """Run Python code apart from everything, as a script, and return how it ended.

    Raises SandboxUnavailable or SandboxRefused; then nothing ran.
    """
    done = _run(Asked(code=code, files=files, timeout_s=timeout_s), execution_id, step_id, agent)
    return SandboxRun(
        done.exit_code, done.stdout, done.stderr, done.timed_out, done.duration_ms, done.truncated
    )


def run_program(
    files: Mapping[str, str | bytes],
    commands: str | Sequence[str],
    *,
    timeout_s: float = 120,
    bring_back: Sequence[str] = (),
    environment: Mapping[str, str] = NOTHING,
    hosts: Sequence[str] = (),
    execution_id: UUID | None = None,
    step_id: UUID | None = None,
    agent: str = "",
) -> Performed:
    """Write files of any name into a sandbox and run shell commands there, one after another until one fails.

    `bring_back` names files and folders to return (those that exist). Raises SandboxUnavailable or SandboxRefused.
    """
    asked = Asked(
        commands=(commands,) if isinstance(commands, str) else tuple(commands),
        files=files,
        timeout_s=timeout_s,
        environment=environment,
        bring_back=tuple(bring_back),
    )
    if not asked.commands:
        raise SandboxRefused("There is no command to run.")
    return _run(asked, execution_id, step_id, agent, tuple(hosts))


def _run(
    asked: Asked, execution_id: UUID | None, step_id: UUID | None, agent: str, hosts: tuple[str, ...] = ()
) -> Performed:
    check(asked)
    if reason := why_not():
        raise SandboxUnavailable(reason)
    try:
        refuse_used_up()
    except PaymentRequired as error:
        raise SandboxRefused(error.detail) from error
    if step_id is not None:
        _clear_away(step_id)
    row = sandbox_runs.open_run(
        execution_id=execution_id, step_id=step_id, hosts=list(hosts), **asked_of(asked, where().name)
    )
    fence = _claimed(row, asked.timeout_s)
    try:
        return carry_out(row, fence, asked, agent=agent)
    except SandboxBusy as error:
        sandbox_runs.fail(row.pk, fence, error.reason)
        raise


def _clear_away(step_id: UUID) -> None:
    """A step runs one thing at a time: what it has open is a dead worker's, and would keep the plan's boxes for minutes."""
    for run_id in sandbox_runs.abandon(step_id):
        end_boxes(where(), permit(), metadata={"run": str(run_id)})


def _claimed(row: RunRow, timeout_s: float) -> int:
    """Wait for one of the tenant's boxes to be free. Raise SandboxBusy."""
    until, boxes = time.monotonic() + PATIENCE_S, permit().boxes
    lease_s = timeout_s + SPARE_S + PATIENCE_S
    while (fence := sandbox_runs.claim(row.pk, boxes=boxes, lease_s=lease_s)) is None:
        if time.monotonic() > until:
            error = SandboxBusy(f"All {boxes} boxes of the plan are in use; try again when one has ended.")
            sandbox_runs.fail(row.pk, None, error.reason)
            raise error
        time.sleep(LOOK_S)
    return fence
