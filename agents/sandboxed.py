"""Code and programs in the sandbox, as an agent sees them: `of` a step, or of an agent alone where no step asks."""

from collections.abc import Mapping, Sequence
from typing import Any

from agents.contract import CodeRun, CodeRunUnavailable, ProgramRun
from agents.models import Step
from deployments import execution as deployments
from deployments.sandboxes.contract import SandboxRefused, SandboxUnavailable


def run_code(code: str, *, files: Mapping[str, str], timeout_s: float, of: Step | str) -> CodeRun:
    """Run Python; raises CodeRunUnavailable."""
    try:
        run = deployments.run_code(code, files=files, timeout_s=timeout_s, **_account(of))
    except (SandboxUnavailable, SandboxRefused) as error:
        raise CodeRunUnavailable(str(error)) from error
    return CodeRun(run.exit_code, run.stdout, run.stderr, run.timed_out, run.duration_ms)


def run_program(
    files: Mapping[str, str], commands: Sequence[str], *, timeout_s: float, of: Step | str
) -> ProgramRun:
    """Run commands over files; raises CodeRunUnavailable."""
    try:
        run = deployments.run_program(files, commands, timeout_s=timeout_s, **_account(of))
    except (SandboxUnavailable, SandboxRefused) as error:
        raise CodeRunUnavailable(str(error)) from error
    return ProgramRun(run.exit_code, run.output, run.timed_out, run.duration_ms)


def _account(of: Step | str) -> dict[str, Any]:
    if isinstance(of, str):
        return {"agent": of}
    return {"agent": of.agent, "execution_id": of.execution_id, "step_id": of.pk}
