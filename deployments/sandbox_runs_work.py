"""A claimed run is carried out: a sandbox opened, the work done in it, the sandbox closed, the end recorded."""

from collections.abc import Callable, Mapping
from typing import Any

from deployments import sandbox_runs
from deployments.models import SandboxRun
from deployments.sandbox_runs_performing import Asked, Performed, perform
from deployments.sandbox_runs_permit import permit, where
from deployments.sandboxes.contract import SandboxError
from deployments.sandboxes.e2b import OpenSandbox, open_sandbox
from deployments.sandboxes.outcomes import STOPPED_EXIT_CODE, SandboxBusy, SandboxEnded

SPARE_S = 30.0  # of a box beyond the time of what runs in it: files go in and out
KEPT_CHARACTERS = 20_000  # of the code and of each stream


def carry_out(
    row: SandboxRun,
    fence: int,
    asked: Asked,
    *,
    agent: str = "",
    opened: Callable[[OpenSandbox], None] = lambda _sandbox: None,
) -> Performed:
    """Do what a claimed run asks for and record its end; `opened` is told of the sandbox as soon as there is one.

    Raises SandboxUnavailable or SandboxRefused: the row says so as well.
    """
    box_ms = 0
    try:
        with open_sandbox(
            where(),
            permit(),
            lifetime_s=asked.timeout_s + SPARE_S,
            hosts=tuple(row.hosts),
            metadata={"run": str(row.pk)},
        ) as sandbox:
            try:
                opened(sandbox)
                done = perform(asked, sandbox)
            except SandboxEnded as error:
                done = _ended(str(error), sandbox.box_ms)
            finally:
                sandbox.end()
                box_ms = sandbox.box_ms
    except SandboxBusy:
        raise  # whoever claimed it decides whether it waits
    except SandboxError as error:
        sandbox_runs.fail(row.pk, fence, str(error), box_ms=box_ms)
        raise
    sandbox_runs.finish(row.pk, fence, {**_end_of(done), "box_ms": box_ms}, agent=agent)
    return done


def asked_of(asked: Asked, sandbox: str) -> dict[str, Any]:
    """Return what a run's row keeps of what was asked."""
    return {
        "sandbox": sandbox,
        "language": asked.kernel or ("python" if asked.code else "shell"),
        "code": asked.code[:KEPT_CHARACTERS],
        "commands": [command[:KEPT_CHARACTERS] for command in asked.commands],
        "files_count": len(asked.files),
        "timeout_s": asked.timeout_s,
    }


def _end_of(done: Performed) -> Mapping[str, Any]:
    return {
        "exit_code": done.exit_code,
        "timed_out": done.timed_out,
        "truncated": done.truncated or max(len(done.stdout), len(done.stderr)) > KEPT_CHARACTERS,
        "stdout": done.stdout[:KEPT_CHARACTERS],
        "stderr": done.stderr[:KEPT_CHARACTERS],
        "results": [dict(result) for result in done.results],
        "duration_ms": done.duration_ms,
    }


def _ended(reason: str, duration_ms: int) -> Performed:
    """Return the end of a run whose box ended under it: that is told like any other limit that was broken."""
    told = f"\n[stopped: {reason}]\n"
    return Performed(
        STOPPED_EXIT_CODE, "", told, told, timed_out=False, truncated=False, duration_ms=duration_ms
    )
